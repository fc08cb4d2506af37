"""Loaders: a file becomes a DocumentText, chosen by its first bytes and then by its ending. Knows no chunk.

Markdown and plain text stay as written; the other formats give one paragraph a block, and a table row becomes one
line of "column: value" pairs, so that a quoted row can be understood alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.errors import UnreadableDocument
from orchestrator.library.decoding import FORMATS, decoded, looks_like_text
from orchestrator.library.document_text import Blocks, DocumentText, Heading
from orchestrator.library.html_pages import load_html
from orchestrator.library.pdf_pages import load_pdf

MAX_FILE_BYTES = 100_000_000
MAX_TITLE_CHARACTERS = 200
_TEXT_SUFFIXES = frozenset((".txt", ".text", ".log", ".rst"))
_SUFFIX_MEDIA_TYPES = {
    **dict.fromkeys(_TEXT_SUFFIXES, "text/plain"),
    **dict.fromkeys((".md", ".markdown"), "text/markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "text/html"),
    **dict.fromkeys((".csv", ".tsv"), "text/csv"),
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_MARKDOWN_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---[ \t]*\n", re.DOTALL)


def load_document(path: Path, data: bytes) -> DocumentText:
    """The text of a file.

    Args:
        path: names the file; its ending decides where the first bytes do not.
        data: the file's content.
    Raises:
        UnreadableDocument: empty, too large, damaged, encrypted, in no known encoding, or of no known format.
    """
    uri = str(path)
    if not data:
        raise UnreadableDocument(uri, "the file is empty", "Add a file with content.")
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableDocument(
            uri, f"the file has {len(data)} bytes, more than {MAX_FILE_BYTES}", "Split the file and add the parts."
        )
    media_type = _media_type(uri, path.suffix.lower(), data)
    document = _LOADERS[media_type](uri, path, data)
    if not document.text.strip():
        raise UnreadableDocument(uri, "the file holds no text", "Add a file with text in it.")
    title = " ".join(document.title.split())[:MAX_TITLE_CHARACTERS] or path.stem
    return replace(document, title=title, media_type=media_type)


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """The `#` headings of a Markdown text that stand outside code fences."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    return tuple(
        Heading(match.start(), match.end(), len(match[1]), match[2])
        for match in _MARKDOWN_HEADING.finditer(text)
        if not any(start <= match.start() < end for start, end in fences)
    )


def _media_type(uri: str, suffix: str, data: bytes) -> str:
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"PK\x03\x04") and b"word/" in data:
        return _SUFFIX_MEDIA_TYPES[".docx"]
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # the container of old .doc files and of DOCX files with a password
        raise UnreadableDocument(
            uri,
            "an old or password-protected Office file",
            "Remove the password, save the file as DOCX or PDF and add it again.",
        )
    media_type = _SUFFIX_MEDIA_TYPES.get(suffix)
    if media_type is not None:
        return media_type
    try:
        if looks_like_text(data.decode("utf-8-sig")):
            return "text/plain"
    except UnicodeDecodeError:
        pass
    raise UnreadableDocument(uri, f"the library reads {FORMATS}, not this format", f"Save it as one of {FORMATS}.")


# -- plain text and Markdown -------------------------------------------------------------------------------------------


def _load_text(uri: str, path: Path, data: bytes) -> DocumentText:
    text = decoded(uri, data)
    first, _, rest = text.strip().partition("\n")
    has_title = 0 < len(first) <= 80 and rest.startswith("\n") and not first.rstrip().endswith((".", "。"))
    return DocumentText(first if has_title else path.stem, text)


def _load_markdown(uri: str, path: Path, data: bytes) -> DocumentText:
    text = decoded(uri, data)
    facts: dict[str, str] = {}
    if front := _FRONT_MATTER.match(text):
        pairs = (line.partition(":") for line in front[1].splitlines())
        facts = {key.strip().lower(): value.strip().strip("\"'") for key, colon, value in pairs if colon}
        text = text[front.end() :]
    headings = markdown_headings(text)
    return DocumentText(
        title=facts.get("title") or (headings[0].title if headings else path.stem),
        text=text,
        headings=headings,
        licence=facts.get("licence") or facts.get("license", ""),
        author=facts.get("author", ""),
        access=facts.get("access", ""),
    )


# -- tables and DOCX ---------------------------------------------------------------------------------------------------


def _load_csv(uri: str, path: Path, data: bytes) -> DocumentText:
    text = decoded(uri, data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    blocks = Blocks()
    try:
        rows = [row for row in csv.reader(io.StringIO(text), dialect) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableDocument(uri, f"no readable CSV: {error}", "Save the table again as CSV.") from error
    if len(rows) == 1:
        blocks.add("; ".join(cell for cell in rows[0] if cell.strip()))
    blocks.add_table(rows)
    return DocumentText(re.sub(r"[-_]+", " ", path.stem), blocks.text)


def _load_docx(uri: str, path: Path, data: bytes) -> DocumentText:
    import docx
    from docx.table import Table

    try:
        file = docx.Document(io.BytesIO(data))
        blocks = Blocks()
        for block in file.iter_inner_content():
            if isinstance(block, Table):
                blocks.add_table([[cell.text for cell in row.cells] for row in block.rows])
            else:
                style = (block.style.name if block.style is not None else "") or ""
                level = int(style[-1]) if re.fullmatch(r"Heading [1-9]", style) else int(style == "Title")
                blocks.add(("- " if style.startswith("List") and block.text.strip() else "") + block.text, level)
        facts = file.core_properties
    except Exception as error:  # python-docx raises KeyError, BadZipFile, XMLSyntaxError and others for a damaged file
        raise UnreadableDocument(uri, f"no readable DOCX: {error}", "Open it in Word and save it again.") from error
    title = facts.title or (blocks.headings[0].title if blocks.headings else path.stem)
    return DocumentText(title, blocks.text, headings=tuple(blocks.headings), author=facts.author or "")


_LOADERS: dict[str, Callable[[str, Path, bytes], DocumentText]] = {
    "text/plain": _load_text,
    "text/markdown": _load_markdown,
    "text/html": load_html,
    "text/csv": _load_csv,
    "application/pdf": load_pdf,
    _SUFFIX_MEDIA_TYPES[".docx"]: _load_docx,
}
