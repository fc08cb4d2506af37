"""Loaders: a file becomes a DocumentText, chosen by its first bytes and then by its ending. Knows no chunk, no database.

The text that a loader gives is what is stored, hashed and quoted: line ends are "\\n", nothing else is normalised.
Markdown and plain text stay as written; the other formats give one paragraph a block, and a table row becomes one
line of "column: value" pairs, so that a quoted row can be understood alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.artifact import decode_text
from orchestrator.errors import BadRequest, UnreadableDocument

MAX_FILE_BYTES = 100_000_000
MAX_TITLE_CHARACTERS = 200
_FORMATS = "text, Markdown, HTML, PDF, DOCX and CSV"
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
_SENTENCE_CLOSED = re.compile(r"[.!?:;。！？：；][\"”’」』）)\]]*$")
_CHINESE_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")


@dataclass(frozen=True)
class Heading:
    """A heading in a text: half-open offsets of its line, its level from 1, its words."""

    start: int
    end: int
    level: int
    title: str


@dataclass(frozen=True)
class DocumentText:
    """What a file says: the text to store, and what is known about it."""

    title: str
    text: str
    media_type: str = "text/plain"
    page_starts: tuple[int, ...] = ()  # offset of each page's first character; empty where the format has no pages
    headings: tuple[Heading, ...] = ()
    licence: str = ""
    author: str = ""
    access: str = ""


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


def storable(text: str) -> str:
    """The text with "\\n" line ends and without the characters that a database of UTF-8 text cannot hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")


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
        if _looks_like_text(data.decode("utf-8-sig")):
            return "text/plain"
    except UnicodeDecodeError:
        pass
    raise UnreadableDocument(uri, f"the library reads {_FORMATS}, not this format", f"Save it as one of {_FORMATS}.")


def _looks_like_text(text: str) -> bool:
    """Whether fewer than one in a hundred characters are control characters, and none is NUL."""
    num_control = sum(1 for character in text if ord(character) < 32 and character not in "\t\n\r\f\x1b")
    return "\x00" not in text and num_control * 100 <= len(text)


def _decoded(uri: str, data: bytes) -> str:
    try:
        text = decode_text(data, uri)
    except BadRequest as error:
        raise UnreadableDocument(
            uri, "the text is in no known encoding", "Save the file as UTF-8 and add it again."
        ) from error
    if not _looks_like_text(text):
        raise UnreadableDocument(uri, "the file is binary, not text", f"The library reads {_FORMATS}.")
    return storable(text)


# -- plain text and Markdown -------------------------------------------------------------------------------------------


def _load_text(uri: str, path: Path, data: bytes) -> DocumentText:
    text = _decoded(uri, data)
    first, _, rest = text.strip().partition("\n")
    has_title = 0 < len(first) <= 80 and rest.startswith("\n") and not first.rstrip().endswith((".", "。"))
    return DocumentText(first if has_title else path.stem, text)


def _load_markdown(uri: str, path: Path, data: bytes) -> DocumentText:
    text = _decoded(uri, data)
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


# -- formats made of blocks --------------------------------------------------------------------------------------------


class _Blocks:
    """Collects paragraphs, headings and table rows into one text with blank lines between them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self._length = 0

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)

    def add(self, words: str, heading_level: int = 0) -> None:
        block = storable(" ".join(words.split()))
        if not block:
            return
        start = self._length + 2 if self.parts else 0
        self._length = start + len(block)
        self.parts.append(block)
        if heading_level:
            self.headings.append(Heading(start, self._length, heading_level, block))

    def add_table(self, rows: Iterable[Sequence[str]], header: Sequence[str] | None = None) -> None:
        """One line a row; the first row names the columns where no header is given."""
        for row in rows:
            cells = [" ".join(cell.split()) for cell in row]
            if header is None:
                header = cells
                continue
            names = [*header, *(f"column {i + 1}" for i in range(len(header), len(cells)))]
            pairs = zip(names, cells, strict=False)
            self.add("; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell))


def _load_csv(uri: str, path: Path, data: bytes) -> DocumentText:
    text = _decoded(uri, data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    blocks = _Blocks()
    try:
        rows = [row for row in csv.reader(io.StringIO(text), dialect) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableDocument(uri, f"no readable CSV: {error}", "Save the table again as CSV.") from error
    if len(rows) == 1:
        blocks.add("; ".join(cell for cell in rows[0] if cell.strip()))
    blocks.add_table(rows)
    return DocumentText(path.stem.replace("_", " "), blocks.text)


def _load_docx(uri: str, path: Path, data: bytes) -> DocumentText:
    import docx
    from docx.table import Table

    try:
        file = docx.Document(io.BytesIO(data))
        blocks = _Blocks()
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


# -- HTML --------------------------------------------------------------------------------------------------------------


def _load_html(uri: str, path: Path, data: bytes) -> DocumentText:
    import trafilatura
    from bs4 import BeautifulSoup
    from bs4.dammit import EncodingDetector

    try:
        markup = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = EncodingDetector.find_declared_encoding(data, is_html=True)
        try:
            markup = data.decode(declared or "")
        except (LookupError, UnicodeDecodeError):
            markup = _decoded(uri, data)
    if not _looks_like_text(markup):
        raise UnreadableDocument(uri, "the file is binary, not HTML", f"The library reads {_FORMATS}.")
    soup = BeautifulSoup(markup, "lxml")
    found = trafilatura.bare_extraction(markup, include_comments=False, include_tables=True, with_metadata=True)
    blocks = _Blocks()
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


def _add_extracted(blocks: _Blocks, body: Any) -> None:
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


def _add_markup(blocks: _Blocks, soup: Any) -> None:
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


# -- PDF ---------------------------------------------------------------------------------------------------------------


def _load_pdf(uri: str, path: Path, data: bytes) -> DocumentText:
    import logging

    import pypdf
    from pypdf.errors import DependencyError

    # pypdf logs every flaw that it repairs; what it cannot repair it raises.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument(
                uri, "the PDF is encrypted with a password", "Save a copy without the password and add that."
            )
        pages = [_reflowed(storable(page.extract_text())) for page in reader.pages]
        facts = reader.metadata
    except UnreadableDocument:
        raise
    except DependencyError as error:
        raise UnreadableDocument(
            uri,
            "the PDF is encrypted with AES, which needs an optional package",
            'Install it: pip install "baton-orchestrator[encrypted]"',
        ) from error
    except Exception as error:  # pypdf raises its own errors, ValueError, RecursionError and others for a damaged file
        raise UnreadableDocument(uri, f"no readable PDF: {error}", "Open it and save it again as PDF.") from error
    if not any(page.strip() for page in pages):
        raise UnreadableDocument(
            uri,
            f"the PDF has {len(pages)} pages but no text; they are probably scanned pictures",
            "Run text recognition on it (for example ocrmypdf) and add the result.",
        )
    text, starts = "", []
    for page in pages:
        # A sentence that runs over the end of a page stays one sentence.
        separator = "\n\n" if _SENTENCE_CLOSED.search(text) else "\n"
        text = text + separator if text and page else text
        starts.append(len(text))
        text += page
    first_line = next(line for line in text.splitlines() if line.strip())
    title = (facts.title if facts else None) or first_line
    author = (facts.author if facts else None) or ""
    return DocumentText(str(title), text, page_starts=tuple(starts), author=str(author))


def _reflowed(page: str) -> str:
    """A page's lines as paragraphs: a line about as long as the longest runs on in the next, a shorter one ends here."""
    lines = [" ".join(line.split()) for line in page.splitlines()]
    longest = max((len(line) for line in lines), default=0)
    text = ""
    previous = ""
    for line in lines:
        if not line:
            previous = ""
            continue
        if not text:
            text = line
        elif not previous or len(previous) < 0.6 * longest or re.match(r"[-•*#|–]\s|\d+[.)]\s", line):
            text += "\n\n" + line
        elif re.search(r"[a-z]-$", previous) and line[0].islower():
            text = text[:-1] + line
        else:
            text += line if _CHINESE_END.search(previous) else " " + line
        previous = line
    return text


_LOADERS: dict[str, Callable[[str, Path, bytes], DocumentText]] = {
    "text/plain": _load_text,
    "text/markdown": _load_markdown,
    "text/html": _load_html,
    "text/csv": _load_csv,
    "application/pdf": _load_pdf,
    _SUFFIX_MEDIA_TYPES[".docx"]: _load_docx,
}
