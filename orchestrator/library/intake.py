"""Intake: files and texts on their way into the database, read, chunked, encoded together and stored one by one.

Knows nothing of searching.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.errors import BadRequest, UnreadableDocument
from orchestrator.library.chunking import Chunk, chunks_of
from orchestrator.library.document_text import DocumentText, storable
from orchestrator.library.encoding import encoded
from orchestrator.library.index import packed
from orchestrator.library.loaders import MAX_FILE_BYTES, load_document, markdown_headings
from orchestrator.library.records import AddedDocument, AddReport, Document, FailedDocument
from orchestrator.library.store import NewChunk, Store, document_id
from orchestrator.types import ErrorInfo

_ENCODED_TOGETHER = 64  # chunks

Told = Callable[[AddedDocument], None]


@dataclass(frozen=True)
class _Loaded:
    """A document on its way into the database."""

    uri: str
    file_sha256: str
    content: DocumentText
    chunks: tuple[Chunk, ...]


class Intake:
    """Brings documents into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_files(self, roots: Sequence[Path], access: str, told: Told) -> AddReport:
        """See `Library.add`; `roots` are absolute."""
        known = self._store.known()
        documents: list[AddedDocument] = []
        failed: list[FailedDocument] = []

        def tell(document: AddedDocument) -> None:
            documents.append(document)
            told(document)

        for batch in _batches(self._read(roots, known, access, tell, failed)):
            for document in self._accept(batch, known):
                tell(document)
        removed = [document_id(self._store.library, uri) for uri in known if _vanished(Path(uri), roots)]
        if removed:
            self._store.remove(removed)
        return AddReport(
            added=tuple(document for document in documents if document.status == "added"),
            updated=tuple(document for document in documents if document.status == "updated"),
            unchanged=tuple(document for document in documents if document.status == "unchanged"),
            removed=tuple(removed),
            failed=tuple(failed),
        )

    def add_texts(self, texts: Iterable[tuple[str, str, str]], access: str) -> list[AddedDocument]:
        """See `Library.add_texts`."""
        known = self._store.known()
        accepted: list[AddedDocument] = []
        for batch in _batches(_from_text(uri, title, text, access) for uri, title, text in texts):
            accepted.extend(self._accept(batch, known))
        return accepted

    def encode_again(self) -> int:
        """See `Library.encode_again`."""
        embedding = self._store.embedding
        stale = {uri: digest for uri, (digest, other) in self._store.known().items() if other != embedding}
        for batch in _batches(self._stored(uri, digest) for uri, digest in stale.items()):
            list(self._accept(batch, stale))
        return len(stale)

    def _read(
        self,
        roots: Sequence[Path],
        known: dict[str, tuple[str, str]],
        access: str,
        tell: Told,
        failed: list[FailedDocument],
    ) -> Iterator[_Loaded]:
        """The documents of the files that are new or changed."""
        for path in _files(roots):
            uri = str(path)
            try:
                data = _content(path)
                digest = hashlib.sha256(data).hexdigest()
                if known.get(uri) == (digest, self._store.embedding):
                    document = self._store.document(document_id(self._store.library, uri))
                    if access in ("", document.access):  # another label has to take effect, though the file is the same
                        tell(_unchanged(document))
                        continue
                content = _read(path, data)
                if access and not content.access:
                    content = replace(content, access=access)
                yield _Loaded(uri, digest, content, tuple(chunks_of(content)))
            except UnreadableDocument as error:
                failed.append(FailedDocument(uri=uri, error=ErrorInfo.of(error)))

    def _accept(self, batch: Sequence[_Loaded], known: Iterable[str]) -> Iterator[AddedDocument]:
        """Encode a batch together, then store each document by itself."""
        texts = [loaded.content.text for loaded in batch]
        indexed = [
            f"{chunk.context}\n{text[chunk.start : chunk.end]}"
            for loaded, text in zip(batch, texts, strict=True)
            for chunk in loaded.chunks
        ]
        vectors = iter(encoded(self._store.embedding, indexed))
        for loaded, text in zip(batch, texts, strict=True):
            chunks = []
            for chunk in loaded.chunks:
                vector = next(vectors)
                blob = None if vector is None else packed(vector)
                chunks.append(NewChunk(chunk.start, chunk.end, chunk.context, text[chunk.start : chunk.end], blob))
            id = self._store.put(loaded.uri, loaded.file_sha256, loaded.content, chunks)
            yield AddedDocument(
                id=id,
                title=loaded.content.title,
                uri=loaded.uri,
                status="updated" if loaded.uri in known else "added",
                num_chunks=len(chunks),
            )

    def _stored(self, uri: str, file_sha256: str) -> _Loaded:
        """A document as the database has it, to be encoded again."""
        stored = self._store.stored_text(document_id(self._store.library, uri))
        document = stored.document
        content = DocumentText(
            title=document.title,
            text=stored.text,
            media_type=document.media_type,
            page_starts=stored.page_starts,
            licence=document.licence,
            author=document.author,
            access=document.access,
        )
        return _Loaded(uri, file_sha256, content, tuple(Chunk(*fields) for fields in self._store.chunks(document.id)))


def _from_text(uri: str, title: str, text: str, access: str) -> _Loaded:
    text = storable(text)
    if not text.strip():
        raise BadRequest("text", uri, "a text that is not empty")
    content = DocumentText(title or uri, text, headings=markdown_headings(text), access=access)
    return _Loaded(uri, hashlib.sha256(text.encode()).hexdigest(), content, tuple(chunks_of(content)))


def _batches(documents: Iterable[_Loaded]) -> Iterator[list[_Loaded]]:
    """Documents together, so that the encoder gets about _ENCODED_TOGETHER chunks at once."""
    batch: list[_Loaded] = []
    num_chunks = 0
    for loaded in documents:
        batch.append(loaded)
        num_chunks += len(loaded.chunks)
        if num_chunks >= _ENCODED_TOGETHER:
            yield batch
            batch, num_chunks = [], 0
    if batch:
        yield batch


def _files(roots: Sequence[Path]) -> Iterator[Path]:
    """The files named and the files in the folders named, each once; hidden ones in folders are left out."""
    seen: set[Path] = set()
    for root in roots:
        for path in _in_folder(root) if root.is_dir() else (root,):
            if path not in seen:
                seen.add(path)
                yield path


def _in_folder(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent) / name for name in sorted(names) if not name.startswith("."))


def _content(path: Path) -> bytes:
    """Raises: UnreadableDocument: no such file, no right to read it, or too large to hold in memory."""
    try:
        if not path.is_file():
            raise UnreadableDocument(str(path), "no such file", "Check the path.")
        num_bytes = path.stat().st_size
        if num_bytes > MAX_FILE_BYTES:
            raise UnreadableDocument(
                str(path), f"{num_bytes} bytes, more than {MAX_FILE_BYTES}", "Split the file and add the parts."
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(str(path), error.strerror or str(error), "Check your rights on the file.") from error


def _vanished(path: Path, roots: Sequence[Path]) -> bool:
    return not path.exists() and any(root.is_dir() and path.is_relative_to(root) for root in roots)


def _unchanged(document: Document) -> AddedDocument:
    return AddedDocument(
        id=document.id,
        title=document.title,
        uri=document.uri,
        status="unchanged",
        num_chunks=document.num_chunks,
    )


def _read(path: Path, data: bytes) -> DocumentText:
    """The text of a file; whatever a parser raises, one bad file never stops the rest."""
    try:
        return load_document(path, data)
    except UnreadableDocument:
        raise
    except Exception as error:
        raise UnreadableDocument(str(path), f"{type(error).__name__}: {error}"[:300]) from error
