"""VectorFile: vectors of cards on disk, so that a process need not read again what another has read. Knows no model."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy
import torch
from torch import Tensor


class VectorFile:
    """Vectors by text, of one reader; a file of another reader, or a broken one, is written anew.

    Args:
        path: of the file.
        reader: what tells the reader's weights apart from others.
    """

    def __init__(self, path: Path, reader: str) -> None:
        self._path = path
        self._reader = reader
        self._vectors: dict[str, Tensor] = self._loaded()
        self._is_dirty = False

    def get(self, text: str) -> Tensor | None:
        """The vector of a text, where it is known, (D)."""
        return self._vectors.get(_key(text))

    def add(self, vectors: Mapping[str, Tensor]) -> None:
        """Take vectors by text; `save` writes them."""
        self._vectors.update({_key(text): vector for text, vector in vectors.items()})
        self._is_dirty = self._is_dirty or bool(vectors)

    def save(self) -> None:
        """Write the file where something was added, whole or not at all."""
        if not self._is_dirty:
            return
        draft = self._path.with_suffix(f".{os.getpid()}.part.npz")  # several processes may share a home
        with contextlib.suppress(OSError):  # a full disk costs the next start some time, not this request
            self._path.parent.mkdir(parents=True, exist_ok=True)
            keys = numpy.array(list(self._vectors))
            vectors = torch.stack(list(self._vectors.values())).numpy()
            numpy.savez(draft, reader=numpy.array(self._reader), keys=keys, vectors=vectors)
            draft.replace(self._path)
        self._is_dirty = False

    def _loaded(self) -> dict[str, Tensor]:
        if not self._path.is_file():
            return {}
        try:
            with numpy.load(self._path) as stored:
                if str(stored["reader"]) != self._reader:
                    return {}
                return dict(zip(stored["keys"].tolist(), torch.from_numpy(stored["vectors"]), strict=True))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return {}


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
