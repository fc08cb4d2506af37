"""HTML pages: their main content as paragraphs, headings, lists and rows. Knows no other format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from orchestrator.library.decoding import decoded
from orchestrator.library.document_text import Blocks, DocumentText


def load_html(uri: str, path: Path, data: bytes) -> DocumentText:
    """See `load_document`."""
    import trafilatura
    from bs4 import BeautifulSoup
    from bs4.dammit import EncodingDetector

    markup = decoded(uri, data, EncodingDetector.find_declared_encoding(data, is_html=True))
    soup = BeautifulSoup(markup, "lxml")
    found: Any = trafilatura.bare_extraction(markup, include_comments=False, include_tables=True, with_metadata=True)
    blocks = Blocks()
    # A short page makes trafilatura give one paragraph of everything, navigation included: read the markup itself.
    if found is not None and found.body is not None and len(found.body) > 1:
        _add_extracted(blocks, found.body)
    if not blocks.parts:
        _add_markup(blocks, soup)
    named = {str(tag.get("name", "")).lower(): str(tag.get("content", "")) for tag in soup.find_all("meta")}
    link = soup.find("link", rel="license")
    title = str(soup.title.get_text()) if soup.title else (blocks.headings[0].title if blocks.headings else path.stem)
    return DocumentText(
        title=title,
        text=blocks.text,
        headings=tuple(blocks.headings),
        licence=named.get("license") or named.get("dcterms.license") or (str(link.get("href", "")) if link else ""),
        author=named.get("author", ""),
    )


def _add_extracted(blocks: Blocks, body: Any) -> None:
    """The elements of trafilatura's tree: head, p, list of item, table of row of cell, quote, code."""
    for element in body:
        match element.tag:
            case "head":
                level = str(element.get("rend", "h2"))[-1]
                blocks.add("".join(element.itertext()), int(level) if level.isdigit() else 2)
            case "list":
                for item in element.iter("item"):
                    blocks.add("- " + " ".join("".join(item.itertext()).split()))
            case "table":
                blocks.add_table(
                    [["".join(cell.itertext()) for cell in row.iter("cell")] for row in element.iter("row")]
                )
            case _:
                blocks.add("".join(element.itertext()))


def _add_markup(blocks: Blocks, soup: Any) -> None:
    """The blocks of a page as marked up, without what surrounds its content."""
    for tag in soup(["script", "style", "noscript", "template", "nav", "footer", "aside", "form", "svg"]):
        tag.decompose()
    root = soup.find("main") or soup.find("article") or soup.body or soup
    leaves = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "pre", "blockquote", "dt", "dd", "table"]
    for tag in root.find_all(leaves):
        if tag.find_parent(leaves) is not None:
            continue
        if tag.name == "table":
            blocks.add_table([[c.get_text(" ") for c in row.find_all(["th", "td"])] for row in tag.find_all("tr")])
        else:
            level = int(tag.name[1]) if re.fullmatch(r"h[1-6]", tag.name) else 0
            blocks.add(("- " if tag.name == "li" else "") + tag.get_text(), level)
    if not blocks.parts:
        for line in root.get_text("\n").splitlines():
            blocks.add(line)
