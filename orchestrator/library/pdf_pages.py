"""PDF files: the text of their pages, lines joined to paragraphs. Knows no other format."""

from __future__ import annotations

import io
import re
from pathlib import Path

from orchestrator.errors import UnreadableDocument
from orchestrator.library.document_text import DocumentText, storable

_SENTENCE_CLOSED = re.compile(r"[.!?:;。！？：；][\"”’」』）)\]]*$")
_CHINESE_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")


def load_pdf(uri: str, path: Path, data: bytes) -> DocumentText:
    """See `load_document`."""
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
    """A page's lines as paragraphs."""
    lines = [" ".join(line.split()) for line in page.splitlines()]
    longest = max((len(line) for line in lines), default=0)
    text = ""
    previous = ""
    for line in lines:
        if not line:
            previous = ""
        elif not text:
            text = previous = line
        else:
            if not previous or _begins_paragraph(previous, line, 0.6 * longest):
                text += "\n\n" + line
            elif re.search(r"[a-z]-$", previous) and line[0].islower():
                text = text[:-1] + line
            else:
                text += line if _CHINESE_END.search(previous) else " " + line
            previous = line
    return text


def _begins_paragraph(previous: str, line: str, short: float) -> bool:
    """Whether a line stands apart: it follows a line that ended early, is a list item, or looks like a heading."""
    looks_like_heading = (
        _SENTENCE_CLOSED.search(previous) is not None and len(line) < short and _SENTENCE_CLOSED.search(line) is None
    )
    return len(previous) < short or looks_like_heading or re.match(r"[-•*#|–]\s|\d+[.)]\s", line) is not None
