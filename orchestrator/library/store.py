"""Store: the library's tables in baton.db, which are the truth; each document comes and goes in one transaction.

Knows no file format, no encoder and no FAISS: vectors are blobs of float16 here.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.database import Database
from orchestrator.errors import UnknownDocument
from orchestrator.language import words
from orchestrator.library.document_text import DocumentText
from orchestrator.library.records import Document, LibraryStats

# chunk ids are never used twice, so a chunk of one id never changes: caches compare ids and nothing else.
SCHEMA = """
CREATE TABLE IF NOT EXISTS libraries(
    name TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS documents(
    id TEXT PRIMARY KEY, library TEXT NOT NULL REFERENCES libraries(name), uri TEXT NOT NULL, title TEXT NOT NULL,
    media_type TEXT NOT NULL, licence TEXT NOT NULL, author TEXT NOT NULL, access TEXT NOT NULL,
    file_sha256 TEXT NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, page_starts TEXT NOT NULL,
    num_chunks INTEGER NOT NULL, embedding TEXT NOT NULL, added_at TEXT NOT NULL, UNIQUE (library, uri));
CREATE TABLE IF NOT EXISTS chunks(
    id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, context TEXT NOT NULL, vector BLOB);
CREATE INDEX IF NOT EXISTS chunks_of_document ON chunks(document);
CREATE VIRTUAL TABLE IF NOT EXISTS chunk_words USING fts5(library, context, words, tokenize='porter unicode61');
"""
# Letters and digits joined or hyphenated, or capitals and digits apart: "XR 2000" but not "for 24 months".
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9])(?:([A-Za-z]{1,5})[\-‐‑–]?|([A-Z]{1,5}) )(\d[\dA-Za-z]*(?:-\d[\dA-Za-z]*)*)(?![A-Za-z0-9])"
)


def identifiers(text: str) -> list[str]:
    """Model and part numbers such as XR-2000, "XR 2000" and XR2000, each as one lower-case word: xr2000."""
    found = _IDENTIFIER.finditer(text)
    return [(match[1] or match[2]).lower() + match[3].lower().replace("-", "") for match in found]


@dataclass(frozen=True)
class NewChunk:
    """A chunk to store: offsets, headings and text as they are indexed, a float16 vector or None."""

    start: int
    end: int
    context: str
    text: str
    vector: bytes | None


@dataclass(frozen=True)
class StoredText:
    """A document's text with what a citation needs to know."""

    document: Document
    text: str
    page_starts: tuple[int, ...]


class Store:
    """One library's part of the tables; several libraries share a file."""

    def __init__(self, path: Path, library: str, embedding: str) -> None:
        self.library = library
        self.embedding = embedding
        self.database = Database(path, SCHEMA)
        self._key: str | None = None

    @property
    def key(self) -> str:
        """A random word that stands for this library in the full-text index and in file names."""
        if self._key is None:
            query = "SELECT key FROM libraries WHERE name = ?"
            row = self.database.connection.execute(query, (self.library,)).fetchone()
            if row is None:
                with self.database.transaction() as connection:
                    connection.execute(
                        "INSERT OR IGNORE INTO libraries(name, key) VALUES (?, ?)",
                        (self.library, "lib" + uuid.uuid4().hex),
                    )
                row = self.database.connection.execute(query, (self.library,)).fetchone()
            self._key = str(row["key"])
        return self._key

    def generation(self) -> int:
        """Grows with every change of this library, by whichever process."""
        query = "SELECT generation FROM libraries WHERE name = ?"
        row = self.database.connection.execute(query, (self.library,)).fetchone()
        return int(row["generation"]) if row is not None else 0

    def embeddings(self) -> dict[str, int]:
        """How many documents each encoder made the vectors of; empty while the library is."""
        query = "SELECT embedding, count(*) FROM documents WHERE library = ? GROUP BY embedding"
        return {str(row[0]): int(row[1]) for row in self.database.connection.execute(query, (self.library,))}

    def put(self, uri: str, file_sha256: str, loaded: DocumentText, chunks: Sequence[NewChunk]) -> str:
        """Accept a document, in place of any of the same uri, in one transaction; gives its id."""
        document = document_id(self.library, uri)
        key = self.key
        segmented = [(chunk, indexed_words(chunk.context), indexed_words(chunk.text)) for chunk in chunks]
        with self.database.transaction() as connection:
            _delete(connection, [document])
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document,
                    self.library,
                    uri,
                    loaded.title,
                    loaded.media_type,
                    loaded.licence,
                    loaded.author,
                    loaded.access,
                    file_sha256,
                    hashlib.sha256(loaded.text.encode()).hexdigest(),
                    loaded.text,
                    " ".join(map(str, loaded.page_starts)),
                    len(chunks),
                    self.embedding,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                ),
            )
            for chunk, context_words, text_words in segmented:
                row = connection.execute(
                    "INSERT INTO chunks(document, start, end, context, vector) VALUES (?, ?, ?, ?, ?)",
                    (document, chunk.start, chunk.end, chunk.context, chunk.vector),
                )
                connection.execute(
                    "INSERT INTO chunk_words(rowid, library, context, words) VALUES (?, ?, ?, ?)",
                    (row.lastrowid, key, context_words, text_words),
                )
            self._advance(connection)
        return document

    def remove(self, documents: Sequence[str]) -> None:
        """Forget documents of this library, all in one transaction.

        Raises:
            UnknownDocument: one is not there; then none is removed.
        """
        with self.database.transaction() as connection:
            for document in documents:
                _ = self.document(document)
            _delete(connection, documents)
            self._advance(connection)

    def documents(self) -> list[Document]:
        rows = self.database.connection.execute(_DOCUMENT + " WHERE library = ? ORDER BY uri", (self.library,))
        return [_as_document(row) for row in rows]

    def document(self, document: str) -> Document:
        """Raises: UnknownDocument."""
        return _as_document(self._fetch(_DOCUMENT, document))

    def stored_text(self, document: str) -> StoredText:
        """Raises: UnknownDocument."""
        row = dict(self._fetch(_DOCUMENT_AND_TEXT, document))
        text, starts = str(row.pop("text")), str(row["page_starts"])
        return StoredText(_as_document(row), text, tuple(map(int, starts.split())))

    def chunks(self, document: str) -> list[tuple[int, int, str]]:
        """Start, end and headings of a document's chunks, in order."""
        query = "SELECT start, end, context FROM chunks WHERE document = ? ORDER BY id"
        rows = self.database.connection.execute(query, (document,))
        return [(int(row["start"]), int(row["end"]), str(row["context"])) for row in rows]

    def known(self) -> dict[str, tuple[str, str]]:
        """File hash and encoder of every document, by uri."""
        query = "SELECT uri, file_sha256, embedding FROM documents WHERE library = ?"
        rows = self.database.connection.execute(query, (self.library,))
        return {str(row["uri"]): (str(row["file_sha256"]), str(row["embedding"])) for row in rows}

    def stats(self) -> LibraryStats:
        row = self.database.connection.execute(
            "SELECT count(*), coalesce(sum(num_chunks), 0), coalesce(sum(length(text)), 0) FROM documents"
            " WHERE library = ?",
            (self.library,),
        ).fetchone()
        vectors = self.database.connection.execute(
            "SELECT count(c.vector) FROM chunks c JOIN documents d ON d.id = c.document WHERE d.library = ?",
            (self.library,),
        ).fetchone()
        return LibraryStats(
            name=self.library,
            num_documents=row[0],
            num_chunks=row[1],
            num_vectors=vectors[0],
            num_characters=row[2],
            embedding=next(iter(self.embeddings()), self.embedding),
            generation=self.generation(),
        )

    def _fetch(self, query: str, document: str) -> sqlite3.Row:
        query += " WHERE id = ? AND library = ?"
        row: sqlite3.Row | None = self.database.connection.execute(query, (document, self.library)).fetchone()
        if row is None:
            raise UnknownDocument(f"the library {self.library!r} holds no document {document!r}")
        return row

    def _advance(self, connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE libraries SET generation = generation + 1 WHERE name = ?", (self.library,))


def document_id(library: str, uri: str) -> str:
    """The id that a document keeps for as long as its library and uri stay the same."""
    return hashlib.sha256(f"{library}\0{uri}".encode()).hexdigest()[:16]


def indexed_words(text: str) -> str:
    """What the full-text index reads of a text: its segmented words, and its model numbers as one word each."""
    return " ".join([*words(text), *identifiers(text)])


_FIELDS = (
    "id, title, uri, media_type, sha256, file_sha256, length(text) AS num_characters, num_chunks, licence, author,"
    " access, page_starts, added_at"
)
_DOCUMENT = f"SELECT {_FIELDS} FROM documents"
_DOCUMENT_AND_TEXT = f"SELECT {_FIELDS}, text FROM documents"


def _as_document(row: sqlite3.Row | dict[str, Any]) -> Document:
    fields = dict(row)
    starts = str(fields.pop("page_starts")).split()
    return Document(num_pages=len(starts) or None, **fields)


def _delete(connection: sqlite3.Connection, documents: Sequence[str]) -> None:
    for document in documents:
        connection.execute(
            "DELETE FROM chunk_words WHERE rowid IN (SELECT id FROM chunks WHERE document = ?)", (document,)
        )
        connection.execute("DELETE FROM documents WHERE id = ?", (document,))
