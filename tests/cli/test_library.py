"""baton library: add, search, list, remove and stats."""

from __future__ import annotations

from orchestrator.types import Passage


def test_a_document_comes_and_goes(baton_in_empty_home, tmp_path):
    baton = baton_in_empty_home
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "valve.md").write_text("# Valves\n\nThe red valve opens at seven bar of pressure.\n")
    (folder / "阀门.txt").write_text("蓝色阀门每三年检查一次。", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    called = baton("library", "add", folder, "--json")
    assert called.status == 0
    assert [len(called.json[key]) for key in ("added", "updated", "unchanged", "failed")] == [2, 0, 0, 1]
    assert sorted(line.split()[0] for line in called.err.splitlines()) == ["added", "added"]
    again = baton("library", "add", folder)
    assert again.out.splitlines()[0] == "0 added, 0 updated, 2 unchanged, 1 failed"
    assert again.out.splitlines()[1].endswith(". Open it and save it again as PDF.")
    stats = baton("library", "stats", "--json").json
    assert (stats["name"], stats["num_documents"], stats["num_chunks"]) == ("default", 2, 2)
    assert "num documents: 2" not in baton("library", "stats", "--library", "other").out

    found = [Passage.model_validate(p) for p in baton("library", "search", "red valve pressure", "--json").json]
    assert "The red valve opens at seven bar" in found[0].text
    assert (
        baton("library", "search", "蓝色阀门多久检查", "-k", 1).out.splitlines()[1].strip()
        == "蓝色阀门每三年检查一次。"
    )
    assert "seven bar" in baton("ask", "At which pressure does the red valve open?").out

    documents = baton("library", "list", "--json").json
    valves = next(document for document in documents if document["title"] == "Valves")
    assert f"{valves['id']}  Valves  {folder / 'valve.md'}" in baton("library", "list").out
    assert baton("library", "remove", valves["id"], "--json").json == {"removed": valves["id"]}
    left = baton("ask", "At which pressure does the red valve open?")
    assert (left.status, "seven bar" in left.out) == (4, False)


def test_what_cannot_be_done_is_said_with_a_remedy(baton_in_empty_home, tmp_path):
    baton = baton_in_empty_home
    called = baton("library", "search", "anything", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "EmptyLibrary")
    assert called.json["error"]["remedy"] == "Add documents first: baton library add PATH"
    called = baton("library", "add", tmp_path / "nowhere")
    assert called.status == 1
    assert called.out.splitlines()[1] == f"  {tmp_path / 'nowhere'}: no such file. Check the path."
    called = baton("library", "add", "https://example.com/manual.html", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "BadRequest")
    assert "'https://example.com/manual.html'" in called.json["error"]["message"]
    called = baton("library", "remove", "nothing", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "UnknownDocument")
    (tmp_path / "a.txt").write_text("A text about nothing much.")
    baton("library", "add", tmp_path / "a.txt")
    called = baton("library", "search", "text", "-k", 0, "--json")
    assert (called.status, called.json["error"]["message"]) == (1, "k is 0, but must be 1 to 100")
