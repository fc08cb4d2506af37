"""The library's side panel: documents uploaded, listed, removed. Knows no request and no answer."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import BatonError, UnknownDocument
from orchestrator.library.library import Library
from orchestrator.types import ErrorInfo
from ui.answer import error_html
from ui.markup import Content, Html, html, joined
from ui.strings import Strings

FOLDER = "documents"
MAX_DOCUMENTS = 200  # a page with thousands of lines would be slow to draw after every change


def documents_html(library: Library, strings: Strings, notice: Content = None) -> Html:
    """The first documents, each with a button that removes it, under a notice of what was just done."""
    documents = library.documents()
    lines = [
        html(
            "li",
            html("span", document.title or document.id, class_="title", title=document.uri),
            html("span", " · ".join(f for f in (document.licence, document.author) if f), class_="facts"),
            html(
                "button",
                "×",
                type="button",
                data_action="remove",
                data_document=document.id,
                title=strings["remove"],
                aria_label=f"{strings['remove']}: {document.title}",
            ),
            data_document=document.id,
        )
        for document in documents[:MAX_DOCUMENTS]
    ]
    if len(documents) > MAX_DOCUMENTS:
        lines.append(html("li", strings["more"].format(count=len(documents) - MAX_DOCUMENTS), class_="hint"))
    body = html("ul", *lines) if lines else html("p", strings["no_documents"], class_="hint")
    return html("div", html("div", notice, class_="done") if notice else None, body, class_="documents")


def add_documents(library: Library, files: Sequence[str], strings: Strings) -> Html:
    """Copy uploads to where they stay, add them, and say what became of each."""
    folder = library.home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report = library.add([_kept(Path(file), folder) for file in files])
    except BatonError as error:
        return error_html(ErrorInfo.of(error))
    said = [
        html("p", strings[key].format(names=", ".join(document.title for document in documents)))
        for key, documents in (("added", report.added), ("updated", report.updated), ("unchanged", report.unchanged))
        if documents
    ]
    return joined(*said, *(error_html(failed.error) for failed in report.failed))


def remove_document(library: Library, id: str, strings: Strings) -> Html:
    """Forget a document; its file too where the chat itself put it there."""
    try:
        document = library.document(id)
        library.remove(id)
    except UnknownDocument as error:
        return error_html(ErrorInfo.of(error))
    path = Path(document.uri.removeprefix("file://"))
    if path.parent == library.home / FOLDER:
        path.unlink(missing_ok=True)
    return html("p", strings["removed"].format(title=document.title))


def _kept(upload: Path, folder: Path) -> Path:
    """The upload under its own name in `folder`; a new version takes an old one's place."""
    return Path(shutil.copyfile(upload, folder / upload.name))
