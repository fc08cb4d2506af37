"""VectorFile: vectors of texts on disk, so that a process need not compute again what another has. Knows no model."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


class VectorFile:
    """Vectors by text, of one model; a file of another model, or a broken one, is written anew.

    Args:
        path: of the file; None keeps the vectors for this process alone.
        model: what tells the model apart from others.
    """

    def __init__(self, path: Path | None, model: str) -> None:
        self._path = path
        self._model = model
        self._vectors: dict[str, NDArray[Any]] = self._loaded()
        self._is_dirty = False

    def get(self, text: str) -> NDArray[Any] | None:
        """The vector of a text, where it is known, (D)."""
        return self._vectors.get(_key(text))

    def add(self, vectors: Mapping[str, NDArray[Any]]) -> None:
        """Take vectors by text; `save` writes them."""
        self._vectors.update({_key(text): vector for text, vector in vectors.items()})
        self._is_dirty = self._is_dirty or bool(vectors)

    def save(self) -> None:
        """Write the file where something was added, whole or not at all."""
        if not self._is_dirty or self._path is None:
            return
        import numpy

        draft = self._path.with_suffix(f".{os.getpid()}.part.npz")  # several processes may share a home
        with contextlib.suppress(OSError):  # a full disk costs the next start some time, not this request
            self._path.parent.mkdir(parents=True, exist_ok=True)
            keys, vectors = numpy.array(list(self._vectors)), numpy.stack(list(self._vectors.values()))
            numpy.savez(draft, model=numpy.array(self._model), keys=keys, vectors=vectors)
            draft.replace(self._path)
        self._is_dirty = False

    def _loaded(self) -> dict[str, NDArray[Any]]:
        if self._path is None or not self._path.is_file():
            return {}
        import numpy

        try:
            with numpy.load(self._path) as stored:
                if str(stored["model"]) != self._model:
                    return {}
                return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return {}


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
