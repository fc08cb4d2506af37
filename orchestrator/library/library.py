"""Library: documents added, searched, quoted and removed. Knows no request, no plan and no answer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.errors import BadRequest
from orchestrator.library import citations
from orchestrator.library.index import VectorIndex
from orchestrator.library.intake import Intake
from orchestrator.library.records import AddedDocument, AddReport, Document, LibraryStats
from orchestrator.library.search import Search
from orchestrator.library.store import Store
from orchestrator.types import Passage, SourceCitation

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]+:/")


class Library:
    """The documents of one name under one home; several processes and threads may share it.

    The database is the truth: each document is accepted in one transaction and is found, changed or gone for every
    thread and process from that moment on.
    """

    def __init__(self, home: Path, name: str = "default", embedding: str = "embedded") -> None:
        """Open, or begin, the library `name` under `home`.

        Args:
            home: the folder of baton.db and vectors/, made where it is missing.
            embedding: "embedded", or a sentence-transformers id.
        """
        self.home = Path(home).expanduser().resolve()
        self.name = name
        self.embedding = embedding
        self._store = Store(self.home / "baton.db", name, embedding)
        self._index = VectorIndex(self._store, self.home / "vectors")
        self._intake = Intake(self._store)
        self._search = Search(self._store, self._index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; the library can be used again and opens new ones."""
        self._store.database.close()

    # -- documents come and go --------------------------------------------------------------------------------

    def add(
        self,
        paths: Sequence[str | Path],
        *,
        access: str = "",
        on_progress: Callable[[AddedDocument], None] | None = None,
    ) -> AddReport:
        """Add files, and folders with all that lies in them; hidden files are left out.

        A file that is there already is skipped where its bytes are the same and read again where not; a document whose
        file vanished from an added folder is removed. A file that gives no text is reported, and the rest goes on.

        Args:
            paths: files and folders.
            access: label of who may see them; a document's own `access` in its front matter wins.
            on_progress: called for every document when it is safely stored, or found unchanged.
        Raises:
            BadRequest: a URL, which the library does not fetch.
            StorageFull: the disk took no more; documents reported before are safe.
        """
        if isinstance(paths, str | Path):
            paths = [paths]
        for path in paths:
            if _URL.match(str(path)):
                raise BadRequest("paths", str(path), "files and folders", "Save the page to a file and add that.")
        # No symbolic link is resolved: the uri is the path by which the person knows the file.
        roots = [Path(os.path.abspath(Path(path).expanduser())) for path in paths]
        report = self._intake.add_files(roots, access, on_progress or (lambda _: None))
        if report.added or report.updated or report.removed:
            self._index.save()
        return report

    def add_texts(self, texts: Iterable[tuple[str, str, str]], *, access: str = "") -> list[AddedDocument]:
        """Add texts that lie in no file, each as (uri, title, text); one of a known uri takes the old one's place.

        Raises:
            BadRequest: a text is empty.
            StorageFull: the disk took no more; documents accepted before are safe.
        """
        accepted = self._intake.add_texts(texts, access)
        if accepted:
            self._index.save()
        return accepted

    def remove(self, id: str) -> None:
        """Forget a document, at once and for everybody.

        Raises:
            UnknownDocument: no document of that id.
        """
        self._store.remove([id])

    def encode_again(self) -> int:
        """Give documents whose vectors another encoder made new ones from this encoder; gives how many there were."""
        num_documents = self._intake.encode_again()
        if num_documents:
            self._index.save()
        return num_documents

    # -- what is there ----------------------------------------------------------------------------------------

    def search(
        self,
        text: str,
        k: int = 8,
        *,
        context: str = "",
        access: frozenset[str] = frozenset(),
        without: frozenset[str] = frozenset(),
    ) -> list[Passage]:
        """The k passages that best match text, best first.

        Args:
            text: the query, in English or Chinese; the encoder reads its first 256 tokens.
            k: 1 to 100.
            context: text that an earlier step read (a name plate, a recording); model numbers in it weigh strongly.
            access: labels of the person who asks; documents with another label are not found.
            without: ids of documents that are not found either.
        Returns:
            At most k passages, scores in [0, 1]; fewer where fewer have anything to do with the text.
        Raises:
            EmptyLibrary: nothing was added yet.
            IndexMismatch: another encoder made the vectors.
            BadRequest: an empty text, or k out of range.
        """
        return self._search(text, k, context=context, access=access, without=without)

    def documents(self) -> list[Document]:
        """All documents, by uri."""
        return self._store.documents()

    def document(self, id: str) -> Document:
        """Raises: UnknownDocument."""
        return self._store.document(id)

    def text(self, id: str) -> str:
        """The stored text, in which all offsets count. Raises: UnknownDocument."""
        return self._store.stored_text(id).text

    def stats(self) -> LibraryStats:
        """How much is there."""
        return self._store.stats()

    def quote(
        self, passage_or_document_id: Passage | str, start: int | None = None, end: int | None = None
    ) -> SourceCitation:
        """A citation of `text(id)[start:end]`; of the whole passage where the offsets are left out.

        Raises:
            UnknownDocument: no document of that id.
            BadRequest: the offsets lie outside the text, or the document changed since the passage was found.
        """
        return citations.quote(self._store, passage_or_document_id, start, end)

    def verify(self, citation: SourceCitation) -> bool:
        """Whether the document is still there, unchanged, and holds the quote at these offsets."""
        return citations.verify(self._store, citation)

    def as_retriever(self, k: int = 8) -> BaseRetriever:
        """This library as LangChain's own retriever; imports langchain_core."""
        from orchestrator.library.retriever import LibraryRetriever

        return LibraryRetriever(library=self, k=k)
