"""What the library tells of its documents: frozen records for lists, reports and JSON. Knows no storage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.types import ErrorInfo, Value


class Document(Value):
    """A document as the library holds it, without its text."""

    id: str
    title: str
    uri: str
    media_type: str
    sha256: str = Field(description="of the stored text, in UTF-8")
    file_sha256: str = Field(description="of the file's bytes")
    num_characters: int
    num_chunks: int
    num_pages: int | None = Field(default=None, description="None where the format has no pages")
    licence: str = ""
    author: str = ""
    access: str = Field(default="", description="label of who may see it; empty means everybody")
    added_at: str = Field(description="UTC, ISO 8601")


class AddedDocument(Value):
    """What became of one file that was read."""

    id: str
    title: str
    uri: str
    status: Literal["added", "updated", "unchanged"]
    num_chunks: int


class FailedDocument(Value):
    """A file that gave no document, and why."""

    uri: str
    error: ErrorInfo


class AddReport(Value):
    """What one call of `add` did."""

    added: tuple[AddedDocument, ...] = ()
    updated: tuple[AddedDocument, ...] = ()
    unchanged: tuple[AddedDocument, ...] = ()
    removed: tuple[str, ...] = Field(default=(), description="ids of documents whose files vanished from a folder")
    failed: tuple[FailedDocument, ...] = ()


class LibraryStats(Value):
    """How much a library holds."""

    name: str
    num_documents: int
    num_chunks: int
    num_vectors: int
    num_characters: int
    embedding: str
    generation: int = Field(description="grows by one with every accepted or removed document")
