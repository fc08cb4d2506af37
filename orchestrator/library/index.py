"""VectorIndex: a library's vectors in a flat FAISS index, brought up to date with the database whenever it lags.

Knows chunk ids and vectors, neither texts nor documents. The file under vectors/ only saves reading all blobs at the
next start: without it, or with a damaged one, the index is built from the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.library.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_ROWS = 2000
_log = logging.getLogger(__name__)


class VectorIndex:
    """Inner products of unit vectors, exact; safe to use from several threads."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._index: Any = None  # faiss.IndexIDMap2 over IndexFlatIP; None until a first vector is there
        self._generation = -1
        self._lags = False  # the file lacks something that the memory has

    def nearest(self, vector: NDArray[np.float32], k: int, hidden: Sequence[int] = ()) -> dict[int, float]:
        """The k chunks with the highest cosine to the unit vector (D,), by chunk id; those in `hidden` left out."""
        import faiss
        import numpy

        with self._lock:
            self._refresh()
            if self._index is None or self._index.ntotal == 0:
                return {}
            options: Any = None
            if hidden:
                batch = faiss.IDSelectorBatch(numpy.asarray(hidden, dtype=numpy.int64))
                options = faiss.SearchParameters(sel=faiss.IDSelectorNot(batch))  # type: ignore[call-arg]
            scores, ids = self._index.search(vector[None, :], min(k, self._index.ntotal), params=options)
        return {int(i): float(score) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0}

    def save(self) -> None:
        """Write the file, whole or not at all. A failure costs time at the next start and nothing else."""
        import faiss

        with self._lock:
            self._refresh()
            if self._index is None or not self._lags:
                return
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                draft.write_bytes(faiss.serialize_index(self._index).tobytes())
                draft.replace(self._path)
                self._lags = False
            except OSError as error:
                _log.warning("vectors not saved, they will be read from the database again: %s", error)
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        encoder_hash = hashlib.sha256(self._store.embedding.encode()).hexdigest()[:8]
        return self._folder / f"{self._store.key}-{encoder_hash}.faiss"

    def _refresh(self) -> None:
        """Add what the database has and the index lacks, drop what it no longer has; chunk ids are never used twice."""
        import numpy

        generation = self._store.generation()
        if generation == self._generation:
            return
        if self._generation < 0:
            self._index = self._read()
        wanted = set(self._ids())
        present = set(self._present())
        if gone := present - wanted:
            self._index.remove_ids(numpy.fromiter(gone, dtype=numpy.int64, count=len(gone)))
        missing = sorted(wanted - present)
        for first in range(0, len(missing), _BATCH_ROWS):
            self._add(missing[first : first + _BATCH_ROWS])
        self._lags = self._lags or bool(gone or missing)
        self._generation = generation

    def _ids(self) -> list[int]:
        rows = self._store.database.connection.execute(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document"
            " WHERE d.library = ? AND d.embedding = ? AND c.vector IS NOT NULL",
            (self._store.library, self._store.embedding),
        )
        return [int(row[0]) for row in rows]

    def _present(self) -> list[int]:
        import faiss

        if self._index is None:
            return []
        return [int(i) for i in faiss.vector_to_array(self._index.id_map)]

    def _add(self, ids: Sequence[int]) -> None:
        import faiss
        import numpy

        rows = self._store.database.connection.execute(
            f"SELECT id, vector FROM chunks WHERE id IN ({','.join('?' * len(ids))})", list(ids)
        ).fetchall()
        if not rows:
            return
        vectors = numpy.stack([unpacked(row["vector"]) for row in rows])  # (N, D)
        if self._index is None or self._index.d != vectors.shape[1]:
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        self._index.add_with_ids(vectors, numpy.asarray([row["id"] for row in rows], dtype=numpy.int64))

    def _read(self) -> Any:
        import faiss
        import numpy

        try:
            index = faiss.deserialize_index(numpy.frombuffer(self._path.read_bytes(), dtype=numpy.uint8))
            return index if isinstance(index, faiss.IndexIDMap2) else None
        except (OSError, RuntimeError):  # no file yet, or a damaged one
            return None


def packed(vector: NDArray[np.float32]) -> bytes:
    """A vector as the database keeps it: float16, little-endian."""
    return vector.astype("<f2").tobytes()


def unpacked(blob: bytes) -> NDArray[np.float32]:
    """The vector of a blob, shape (D,)."""
    import numpy

    return numpy.frombuffer(blob, dtype="<f2").astype(numpy.float32)
