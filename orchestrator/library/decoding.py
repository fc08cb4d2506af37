"""Decoding: a file's bytes as storable text, or the error that says why not. Knows no format."""

from __future__ import annotations

from orchestrator.artifact import decode_text
from orchestrator.errors import BadRequest, UnreadableDocument
from orchestrator.library.document_text import storable

FORMATS = "text, Markdown, HTML, PDF, DOCX and CSV"


def decoded(uri: str, data: bytes, declared: str | None = None) -> str:
    """The text in UTF-8, else in the encoding that the file declares, else in the one that fits its bytes.

    Raises:
        UnreadableDocument: no encoding fits, or the bytes are no text.
    """
    text = _strictly(data, "utf-8-sig") or (_strictly(data, declared) if declared else None)
    if text is None:
        try:
            text = decode_text(data, uri)
        except BadRequest as error:
            raise UnreadableDocument(
                uri, "the text is in no known encoding", "Save the file as UTF-8 and add it again."
            ) from error
    if not looks_like_text(text):
        raise UnreadableDocument(uri, "the file is binary, not text", f"Save it as one of {FORMATS}.")
    return storable(text)


def looks_like_text(text: str) -> bool:
    """Whether fewer than one in a hundred characters are control characters, and none is NUL."""
    num_control = sum(1 for character in text if ord(character) < 32 and character not in "\t\n\r\f\x1b")
    return "\x00" not in text and num_control * 100 <= len(text)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
