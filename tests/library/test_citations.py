from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrator.errors import BadRequest
from orchestrator.library.library import Library
from orchestrator.types import SourceCitation

TEXT = "Der Prüfdruck beträgt 🚰 50 bar. 保修期为30个月。"


def test_a_quote_is_exact_and_verified(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "note.md"
    file.write_text(f"---\nlicence: CC-BY-4.0\nauthor: Ann\ntitle: Note\n---\n{TEXT}", encoding="utf-8")
    id = library.add([file]).added[0].id
    start = TEXT.index("🚰")
    citation = library.quote(id, start, start + 8)
    assert citation == SourceCitation(
        document=id,
        title="Note",
        uri=str(file),
        sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
        start=start,
        end=start + 8,
        quote="🚰 50 bar",
        licence="CC-BY-4.0",
        author="Ann",
    )
    assert library.verify(citation)
    for change in (
        {"quote": "🚰 60 bar"},
        {"start": start + 1},
        {"end": 10**6},
        {"sha256": "0" * 64},
        {"document": "x"},
    ):
        assert not library.verify(citation.model_copy(update=change)), change
    file.write_text(TEXT + " Neu.", encoding="utf-8")
    library.add([file])
    assert not library.verify(citation)


def test_a_whole_passage_is_quoted_with_its_page(company: Library) -> None:
    passage = company.search("form F-31 of the HP-150")[0]
    citation = company.quote(passage)
    assert (citation.quote, citation.page, citation.title) == (
        passage.text,
        2,
        "HP-150 Hand Pump: Instructions for Use",
    )
    assert company.verify(citation)
    inside = company.quote(passage.document, company.text(passage.document).index("piston NP-715"))
    assert inside.page == 3


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 2), (0, 10**6)])
def test_offsets_outside_the_text_are_refused(company: Library, start: int, end: int) -> None:
    with pytest.raises(BadRequest, match="offsets"):
        company.quote(company.documents()[0].id, start, end)
