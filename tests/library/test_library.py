from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestrator.errors import BadRequest, EmptyLibrary, IndexMismatch, StorageFull, UnknownDocument
from orchestrator.library.library import Library

VALVE = "The red valve opens at 7 bar."
WHALE = "The blue whale weighs 150 tonnes."


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def uris(library: Library) -> list[str]:
    return [Path(document.uri).name for document in library.documents()]


def in_another_process(library: Library, code: str) -> object:
    """What `code` prints as JSON in a process of its own, with the same library as `library`."""
    program = (
        "import json, sys; from pathlib import Path; from orchestrator.library.library import Library\n"
        f"library = Library(Path({str(library.home)!r}), {library.name!r})\nprint(json.dumps({code}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_a_folder_is_added_and_added_again(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", valve=VALVE, whale=WHALE)
    write(folder / "deeper", tea="Green tea is brewed at 80 degrees.")
    (folder / ".hidden.txt").write_text("not for anybody")
    write(folder / ".git", head="not for anybody either")
    told = []
    first = library.add([folder], on_progress=told.append)
    assert [Path(d.uri).name for d in first.added] == ["valve.txt", "whale.txt", "tea.txt"]
    assert told == list(first.added)
    again = library.add([folder])
    assert (again.added, again.updated, again.removed, again.failed) == ((), (), (), ())
    assert [d.id for d in again.unchanged] == [d.id for d in first.added]


def test_changed_and_vanished_files_take_effect_at_once(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", valve=VALVE, whale=WHALE)
    before = {d.uri: d.id for d in library.add([folder]).added}
    old = library.search("red valve")[0]
    write(folder, valve="The green hatch opens at 9 bar.")
    (folder / "whale.txt").unlink()
    report = library.add([folder])
    assert [(d.id, d.status) for d in report.updated] == [(before[str(folder / "valve.txt")], "updated")]
    assert report.removed == (before[str(folder / "whale.txt")],)
    assert [p.text for p in library.search("green hatch")] == ["The green hatch opens at 9 bar."]
    assert all(p.text != VALVE for p in library.search("red valve"))
    assert library.search("blue whale") == [] or "whale" not in library.search("blue whale")[0].text
    with pytest.raises(BadRequest, match="as it is now"):
        library.quote(old)


def test_a_document_outside_the_added_folder_stays(library: Library, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one", valve=VALVE), write(tmp_path / "other", whale=WHALE)
    library.add([one, other])
    (other / "whale.txt").unlink()
    assert library.add([one]).removed == ()
    assert uris(library) == ["valve.txt", "whale.txt"]


def test_bad_files_are_reported_and_the_rest_goes_on(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", empty="", valve=VALVE)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    report = library.add([folder, tmp_path / "missing.txt"])
    assert [Path(d.uri).name for d in report.added] == ["valve.txt"]
    failed = {Path(f.uri).name: f.error for f in report.failed}
    assert set(failed) == {"empty.txt", "broken.pdf", "photo.png", "missing.txt"}
    assert {error.type for error in failed.values()} == {"UnreadableDocument"}
    assert all(error.remedy for error in failed.values())
    assert "no such file" in failed["missing.txt"].message


def test_a_url_is_refused_before_anything_is_added(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", valve=VALVE)
    with pytest.raises(BadRequest, match="https://example"):
        library.add([folder, "https://example.org/page.html"])
    assert library.documents() == []


def test_remove_and_unknown_documents(library: Library, tmp_path: Path) -> None:
    id = library.add([write(tmp_path / "docs", valve=VALVE)]).added[0].id
    assert library.text(id) == VALVE
    library.remove(id)
    for call in (library.remove, library.document, library.text, library.quote):
        with pytest.raises(UnknownDocument, match=id):
            call(id)
    with pytest.raises(EmptyLibrary):
        library.search("red valve")


def test_a_removal_by_another_process_is_seen_at_the_next_search(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", a="红色阀门在7巴时打开。", b="绿茶用80度的水冲泡。")
    library.add([folder])
    first = library.search("红色阀门")[0]
    assert in_another_process(library, "[p.document for p in library.search('红色阀门')]") == [first.document]
    assert in_another_process(library, f"library.remove({first.document!r})") is None
    assert library.search("红色阀门") == []
    write(folder, b="红色阀门换成了蓝色的。")
    assert in_another_process(library, f"[d.uri for d in library.add([{str(folder)!r}]).updated]") == [
        str(folder / "b.txt")
    ]
    assert [p.text for p in library.search("蓝色")] == ["红色阀门换成了蓝色的。"]


def test_vectors_follow_the_database(library: Library, tmp_path: Path) -> None:
    """A change by another writer reaches the vectors in memory: the words of query and text have nothing in common."""
    folder = write(tmp_path / "docs", whale=WHALE)
    library.add([folder])
    question = "Which animals live in oceans?"
    assert [p.text for p in library.search(question)] == [WHALE]
    with Library(library.home) as other:
        other.add([write(folder, dolphin="Dolphins hunt fish together.")])
        assert {p.text for p in library.search(question)} == {WHALE, "Dolphins hunt fish together."}
        other.remove(next(d.id for d in other.documents() if d.uri.endswith("whale.txt")))
    assert [p.text for p in library.search(question)] == ["Dolphins hunt fish together."]


@pytest.mark.parametrize("damage", ["gone", "garbage", "stale"])
def test_vectors_are_rebuilt_from_the_database(library: Library, tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path / "docs", valve=VALVE, whale=WHALE)
    library.add([folder])
    expected = library.search("Which animals live in oceans?")
    [file] = (library.home / "vectors").iterdir()
    stale = file.read_bytes()
    if damage == "gone":
        file.unlink()
    elif damage == "garbage":
        file.write_bytes(b"garbage")
    else:
        library.remove(next(d.id for d in library.documents() if d.uri.endswith("valve.txt")))
        library.add([folder])
        file.write_bytes(stale)
    with Library(library.home) as fresh:
        assert fresh.search("Which animals live in oceans?") == expected


def test_libraries_of_one_home_do_not_see_each_other(library: Library, tmp_path: Path) -> None:
    library.add([write(tmp_path / "one", valve=VALVE)])
    with Library(library.home, "other") as other:
        assert other.documents() == []
        with pytest.raises(EmptyLibrary, match="other"):
            other.search("valve")
        other.add([tmp_path / "one"])
        assert other.documents()[0].id != library.documents()[0].id
        other.remove(other.documents()[0].id)
    assert [p.text for p in library.search("valve")] == [VALVE]


def test_a_full_disk_keeps_what_was_accepted_and_the_next_call_carries_on(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    for n in range(40):
        write(folder, **{f"n{n:02}": f"第{n}号阀门。" + "保养周期为十二个月，应更换轴封并清洗滤网。" * 60})
    connection = library._store.database.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 60}")
    told = []
    with pytest.raises(StorageFull) as caught:
        library.add([folder], on_progress=told.append)
    assert "carries on" in caught.value.remedy
    assert 0 < len(told) < 40
    assert [d.id for d in library.documents()] == [d.id for d in told]
    connection.execute("PRAGMA max_page_count = 1000000")
    report = library.add([folder])
    assert (len(report.unchanged), len(report.added)) == (len(told), 40 - len(told))


def test_vectors_of_another_encoder_are_not_mixed(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", valve=VALVE, whale=WHALE)
    library.add([folder])
    with library._store.database.transaction() as connection:
        connection.execute("UPDATE documents SET embedding = 'some/model'")
    with pytest.raises(IndexMismatch, match="some/model"):
        library.search("valve")
    assert library.encode_again() == 2
    assert library.search("red valve")[0].text == VALVE
    with library._store.database.transaction() as connection:
        connection.execute("UPDATE documents SET embedding = 'some/model'")
    assert len(library.add([folder]).updated) == 2
    assert library.search("red valve")[0].text == VALVE


def test_searches_go_on_while_another_thread_writes(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", valve=VALVE)
    library.add([folder])
    stop, errors, num_searches = threading.Event(), [], []

    def keep_searching() -> None:
        while not stop.is_set():
            try:
                assert library.search("Who opens the red valve?")[0].text == VALVE
                num_searches.append(1)
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=keep_searching) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(10):
        write(folder, passing=f"Tea number {n} is brewed at {n + 70} degrees.")
        library.add([folder])
        assert library.search(f"Tea number {n}")[0].text == f"Tea number {n} is brewed at {n + 70} degrees."
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(num_searches) > 10


def test_texts_without_files_and_stats(library: Library) -> None:
    added = library.add_texts([("memo:1", "Memo", "One two.\r\nThree 🚰."), ("memo:2", "", "四五六。")])
    assert [(d.title, d.status, d.num_chunks) for d in added] == [("Memo", "added", 1), ("memo:2", "added", 1)]
    assert library.text(added[0].id) == "One two.\nThree 🚰."
    assert [d.status for d in library.add_texts([("memo:1", "Memo", "New text.")])] == ["updated"]
    stats = library.stats()
    assert (stats.num_documents, stats.num_chunks, stats.num_vectors, stats.num_characters) == (2, 2, 1, 13)
    assert (stats.name, stats.embedding, stats.generation) == ("default", "embedded", 3)


def test_as_a_langchain_retriever(company: Library) -> None:
    found = company.as_retriever(k=2).invoke("How long is the warranty of the XR-3000?")
    assert len(found) == 2
    assert "The warranty of the XR-3000 is 60 months" in found[0].page_content
    assert found[0].metadata["title"] == "Warranty Terms 2025"


def test_whatever_a_parser_raises_the_rest_goes_on(tmp_path, monkeypatch):
    from orchestrator.library import intake
    from orchestrator.library.library import Library

    def breaks(path, data):
        if path.name == "bad.txt":
            raise ImportError("a parser is not installed as it should be")
        return load(path, data)

    load = intake.load_document
    monkeypatch.setattr(intake, "load_document", breaks)
    (tmp_path / "bad.txt").write_text("This one breaks the parser.")
    (tmp_path / "good.txt").write_text("This one can be read.")
    with Library(tmp_path / "home") as library:
        report = library.add([tmp_path / "bad.txt", tmp_path / "good.txt"])
    assert [document.title for document in report.added] == ["good"]
    assert [failed.error.type for failed in report.failed] == ["UnreadableDocument"]
    assert "ImportError" in report.failed[0].error.message
