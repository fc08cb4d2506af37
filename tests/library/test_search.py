from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import BadRequest
from orchestrator.library.library import Library
from orchestrator.library.search import Term, query_terms
from orchestrator.library.store import identifiers


@pytest.mark.parametrize(
    ("question", "context", "file", "quote"),
    [
        (
            "How long is the warranty of the XR-2000?",
            "",
            "warranty-terms.md",
            "The warranty of the XR-2000 is 24 months",
        ),
        ("How long is the warranty of this device?", "XR-3000\nS/N 88123", "warranty-terms.md", "XR-3000 is 60 months"),
        (
            "Which pressure is allowed?",
            "Model XR 3000",
            "xr-3000-manual.md",
            "maximum operating pressure of the XR-3000 is 16 bar",
        ),
        (
            "Which pressure is allowed?",
            "type xr2000",
            "xr-2000-manual.md",
            "maximum operating pressure of the XR-2000 is 10 bar",
        ),
        ("When does it need service?", "XR-3000", "xr-3000-manual.md", "must be serviced every 18 months"),
        (
            "What does the shaft seal NP-417 cost?",
            "",
            "price-list.csv",
            "Article: NP-417; Description: Shaft seal for the XR-2000; Price in EUR: 18.90",
        ),
        ("Who is in charge of warranty claims?", "", "warranty-terms.md", "Ingrid Halvorsen"),
        ("How many days a month may I work from home?", "", "employee-handbook.docx", "up to 8 days a month"),
        (
            "What is the hotel limit in Norway?",
            "",
            "employee-handbook.docx",
            "Country: Norway; Daily allowance: 61 euros; Hotel limit: 165 euros",
        ),
        (
            "What loss of pressure means that the system is tight?",
            "",
            "hp-150-instructions.pdf",
            "A loss of less than 0.2 bar",
        ),
        ("What should I do when coolant gets into my eyes?", "", "safety-sheet.txt", "at least 15 minutes"),
        ("Who heads the service centre in Bergen?", "", "service-centres.html", "Astrid Lunde"),
        ("How much is the deposit for a loan pump?", "", "service-centres.html", "150 euros"),
        ("Can I send an unused device back?", "", "returns-policy.txt", "within 45 days"),
        ("XR-2000的保修期是多久？", "", "zh-xr-2000-shouce.md", "保修期为30个月"),
        ("E7是什么意思？", "", "zh-xr-2000-shouce.md", "E7 表示电源电压低于195伏"),
        ("多少天之内可以退货？", "", "zh-changjian-wenti.md", "15天之内可以退货"),
        ("客服热线的电话号码", "", "zh-changjian-wenti.md", "400-820-6157"),
    ],
)
def test_the_right_passage_comes_first(company: Library, question: str, context: str, file: str, quote: str) -> None:
    best = company.search(question, context=context)[0]
    assert Path(best.uri).name == file
    assert quote in best.text


def test_every_passage_is_exactly_its_part_of_the_stored_text(company: Library) -> None:
    for question in ("pump service warranty pressure", "水泵 保修 退货 轴封"):
        found = company.search(question, 100)
        assert len(found) >= 4
        assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
        for passage in found:
            assert company.text(passage.document)[passage.start : passage.end] == passage.text
            assert 0 < passage.score <= 1
            assert passage.sha256 == company.document(passage.document).sha256


def test_scores_tell_what_the_library_holds_from_what_it_does_not(company: Library) -> None:
    held = ["How long is the warranty of the XR-2000?", "What is the hotel limit in Norway?", "多少天之内可以退货？"]
    not_held = ["What is the capital of France?", "Who won the football world cup in 1998?", "北京今天的天气怎么样？"]
    best = [max((p.score for p in company.search(q)), default=0.0) for q in held + not_held]
    assert min(best[:3]) > 0.5
    assert max(best[3:]) < 0.15


def test_pages_of_a_pdf(company: Library) -> None:
    assert [company.search(q)[0].page for q in ("Scope of delivery of the HP-150", "form F-31", "piston NP-715")] == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "* OR NOT (",
        'NEAR("a b", 3)',
        "library : x",
        "-valve ^a",
        "'; DROP TABLE chunks; --",
        "？！",
        "%",
        "a\x00b",
    ],
)
def test_no_text_is_syntax(company: Library, text: str) -> None:
    for passage in company.search(text):
        assert company.text(passage.document)[passage.start : passage.end] == passage.text


def test_bad_arguments_name_what_is_legal(company: Library) -> None:
    for text, k in (("  ", 8), ("pump", 0), ("pump", 101)):
        with pytest.raises(BadRequest):
            company.search(text, k)
    assert len(company.search("pump", 1)) == 1


def test_hidden_documents_are_not_found(company: Library) -> None:
    question = "How long is the warranty of the XR-2000?"
    first = company.search(question)[0]
    rest = company.search(question, 100, without=frozenset([first.document]))
    assert rest
    assert first.document not in {p.document for p in rest}


def test_access_labels(library: Library, tmp_path: Path) -> None:
    (tmp_path / "open.md").write_text("The canteen opens at noon.")
    (tmp_path / "closed.md").write_text("---\naccess: board\n---\nThe canteen closes for ever in May.")
    (tmp_path / "staff.md").write_text("The canteen hires two cooks.")
    library.add([tmp_path / "open.md", tmp_path / "closed.md"])
    library.add([tmp_path / "staff.md"], access="staff")

    def seen(*labels: str) -> set[str]:
        return {Path(p.uri).stem for p in library.search("canteen news", access=frozenset(labels))}

    assert seen() == {"open"}
    assert seen("staff") == {"open", "staff"}
    assert seen("staff", "board") == {"open", "staff", "closed"}
    library.add([tmp_path], access="staff")
    assert seen() == set()
    assert seen("staff") == {"open", "staff"}
    assert len(library.add([tmp_path]).unchanged) == 3
    assert seen() == set()


def test_terms_of_a_query() -> None:
    assert query_terms("What is the XR-2000's pump?", "S/N KX 4501 red") == [
        Term('"kx4501"', 2.0),
        Term('("xr-2000" OR "xr2000")'),
        Term('"pump"'),
        Term('"kx"', 0.25),
        Term('"4501"', 0.25),
        Term('"red"', 0.25),
    ]


def test_model_numbers_in_all_their_spellings() -> None:
    assert identifiers("XR-2000, XR 2000, xr2000; 型号HP-150的 for 24 months in 1990") == ["xr2000"] * 3 + ["hp150"]
