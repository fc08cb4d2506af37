"""DocumentReader: reads the text out of an attached document (PDF, DOCX, HTML, ...). Knows no library of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from orchestrator.artifact import File, Json, Text
from orchestrator.expert import expert


class DocumentContent(NamedTuple):
    """What reading a document gives."""

    text: Annotated[Text, "everything the document says, in reading order"]
    facts: Annotated[Json, "title, number of characters and pages"]


@expert(
    "document_text",
    title="Document reader",
    task="document-to-text",
    licence="Apache-2.0",
    openness="open-tooling",
    author="The Baton authors",
    limits="Scanned pages hold no text to read; give them as pictures to text recognition.",
    examples=(
        "Extract the text of this PDF",
        "How many pages does the attached document have?",
        "Convert this Word file to plain text",
        "Get the plain text out of the HTML page",
        "提取这个 PDF 的文字",
        "这份附件有多少页？",
        "把这个 Word 文件转成纯文本",
    ),
    says={
        "en": (
            "{document_title} has {num_pages} pages.",
            "{document_title} holds {num_characters} characters of text.",
        ),
        "zh": ("{document_title} 共有 {num_pages} 页。", "{document_title} 共有 {num_characters} 个字符的文字。"),
    },
)
def document_text(file: Annotated[File, "a PDF, DOCX, HTML, Markdown, CSV or text file"]) -> DocumentContent:
    """Reads the plain text out of an attached document such as a PDF, a Word file or an HTML page."""
    from orchestrator.library.loaders import load_document

    document = load_document(Path(file.name or "document"), file.read_bytes())
    facts = {
        "document_title": file.name or document.title,
        "num_pages": len(document.page_starts) or None,
        "num_characters": len(document.text),
    }
    return DocumentContent(Text(document.text), Json(facts))
