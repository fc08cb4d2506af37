from __future__ import annotations

import io
from pathlib import Path

import docx
import pypdf
import pytest

from orchestrator.errors import UnreadableDocument
from orchestrator.library.document_text import DocumentText, Heading
from orchestrator.library.loaders import load_document


def loaded(name: str, data: bytes) -> DocumentText:
    return load_document(Path(name), data)


def refused(name: str, data: bytes) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        load_document(Path(name), data)
    assert caught.value.remedy
    return caught.value


def test_text_keeps_every_character_but_line_ends() -> None:
    document = loaded("note.txt", "Pumpen-Prüfung\r\n\r\ncafe\u0301  is open.\r".encode())
    assert document == DocumentText("Pumpen-Prüfung", "Pumpen-Prüfung\n\ncafe\u0301  is open.\n", "text/plain")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "big5"])
def test_chinese_text_in_several_encodings(encoding: str) -> None:
    text = "水泵每十二個月必須保養一次，保養時應更換軸封並清洗濾網。這台設備的保固期為二十四個月。" * 3
    assert loaded("note.txt", text.encode(encoding)).text == text


def test_markdown_front_matter_and_headings() -> None:
    facts = "---\ntitle: Manual\nlicence: CC-BY-4.0\nauthor: 'Ann'\naccess: staff\n---\n"
    text = "# A\n```\n# no heading\n```\n## B ##\ntext\n"
    source = facts + text
    assert loaded("m.md", source.encode()) == DocumentText(
        title="Manual",
        text=text,
        media_type="text/markdown",
        headings=(Heading(0, 3, 1, "A"), Heading(25, 32, 2, "B")),
        licence="CC-BY-4.0",
        author="Ann",
        access="staff",
    )
    assert [text[h.start : h.end] for h in loaded("m.md", source.encode()).headings] == ["# A", "## B ##"]


def test_html_without_navigation_and_scripts() -> None:
    page = """<html><head><title>Opening hours</title><meta name="author" content="Web Team">
    <link rel="license" href="https://example.org/by"></head><body><nav><a href="/">Home</a>
    </nav><script>var x=1;</script><main><h1>Opening <em>hours</em></h1>
    <p>We open at <b>nine</b>.</p><ul><li>Closed on Sunday</li></ul>
    <table><tr><th>Town</th><th>Head</th></tr><tr><td>Bergen</td><td>Astrid</td></tr></table></main>
    <footer>Imprint</footer></body></html>"""
    text = "Opening hours\n\nWe open at nine.\n\n- Closed on Sunday\n\nTown: Bergen; Head: Astrid"
    assert loaded("hours.html", page.encode()) == DocumentText(
        title="Opening hours",
        text=text,
        media_type="text/html",
        headings=(Heading(0, 13, 1, "Opening hours"),),
        licence="https://example.org/by",
        author="Web Team",
    )


def test_html_of_an_article_leaves_out_what_surrounds_it() -> None:
    paragraphs = [
        f"Paragraph {n} tells at some length how pump number {n} was built, tested and shipped." for n in range(12)
    ]
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    menu = "<div class='menu'><a href='/'>Start</a><a href='/x'>Shop</a></div>"
    article = f"<article><h1>Pumps</h1>{body}</article>"
    page = f"<html><body>{menu}{article}<footer><p>Imprint</p></footer></body></html>"
    text = loaded("pumps.html", page.encode()).text
    assert all(paragraph in text for paragraph in paragraphs)
    assert "Shop" not in text
    assert "Imprint" not in text


def test_html_in_its_declared_encoding() -> None:
    page = '<html><head><meta charset="gb2312"></head><body><p>保修期为三十个月。</p></body></html>'
    assert loaded("zh.html", page.encode("gb2312")).text == "保修期为三十个月。"


def test_pdf_pages_and_paragraphs(make_pdf) -> None:
    lines = [
        "The pump must be serviced every twelve months by somebody who has been trained",
        "for it. Keep a record.",
        "Spare parts",
        "Seal 417.",
    ]
    document = loaded(
        "manual.pdf", make_pdf([lines, ["A second page tells the price of the seal, which is eighteen", "euros."]])
    )
    first = f"{lines[0]} {lines[1]}\n\nSpare parts\n\nSeal 417."
    second = "A second page tells the price of the seal, which is eighteen euros."
    assert document.text == f"{first}\n\n{second}"
    assert document.page_starts == (0, len(first) + 2)
    assert document.text[document.page_starts[1] :] == second


def test_docx_headings_lists_and_tables() -> None:
    file = docx.Document()
    file.core_properties.title, file.core_properties.author = "Handbook", "Personnel"
    file.add_heading("Travel", 1)
    file.add_paragraph("Trains are preferred.")
    file.add_paragraph("Keep receipts", style="List Bullet")
    table = file.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ("Country", "Allowance", "Norway", "61 euros"), strict=True):
        cell.text = words
    buffer = io.BytesIO()
    file.save(buffer)
    text = "Travel\n\nTrains are preferred.\n\n- Keep receipts\n\nCountry: Norway; Allowance: 61 euros"
    document = loaded("h.docx", buffer.getvalue())
    assert (document.title, document.author, document.text) == ("Handbook", "Personnel", text)
    assert document.headings == (Heading(0, 6, 1, "Travel"),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_rows_as_lines(delimiter: str) -> None:
    rows = [["Article", "Price in EUR"], ["XR-2000", "329.00"], ["Seal NP-417", "18.90"]]
    data = "\n".join(delimiter.join(row) for row in rows).encode()
    document = loaded("price_list.csv", data)
    assert document.title == "price list"
    assert document.text == "Article: XR-2000; Price in EUR: 329.00\n\nArticle: Seal NP-417; Price in EUR: 18.90"


def test_content_wins_over_a_wrong_ending(make_pdf) -> None:
    assert loaded("really-a-pdf.txt", make_pdf([["Hello there."]])).text == "Hello there."
    assert loaded("notes.unknown", b"Plain words.").text == "Plain words."


def test_encrypted_pdf_is_refused_with_the_way_out(make_pdf) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf([["secret"]])))
    writer.encrypt("password", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    error = refused("secret.pdf", buffer.getvalue())
    assert (error.reason, error.remedy) == (
        "the PDF is encrypted with a password",
        "Save a copy without the password and add that.",
    )


def test_scanned_pdf_says_that_it_has_no_text(make_pdf) -> None:
    assert "no text; they are probably scanned" in refused("scan.pdf", make_pdf([[], []])).reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.md", b"", "the file is empty"),
        ("blank.txt", b" \n\t ", "the file holds no text"),
        ("broken.pdf", b"%PDF-1.7\nnothing follows", "no readable PDF"),
        ("wrong.pdf", b"just words", "no readable PDF"),
        ("broken.docx", b"PK\x03\x04 word/ but no archive", "no readable DOCX"),
        ("wrong.docx", b"just words", "no readable DOCX"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(600), "an old or password-protected Office file"),
        ("program.txt", bytes(range(256)) * 40, "binary"),
        ("nul.txt", b"abc\x00def", "the file is binary, not text"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)), "not this format"),
    ],
)
def test_bad_files_say_what_is_wrong(name: str, data: bytes, reason: str) -> None:
    error = refused(name, data)
    if reason == "binary":
        assert "binary" in error.reason or "no known encoding" in error.reason
    else:
        assert reason in error.reason
    assert name in error.message
