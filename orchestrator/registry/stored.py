"""StoredExpert: an expert that lies in a folder of BATON_HOME/experts, as `baton experts add` and `train` leave it.

Knows the file format, not how any kind of model is loaded: that is the loader's, found by the entry-point group
`baton.loaders`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.errors import InvalidExpert
from orchestrator.expert import Expert
from orchestrator.types import ExpertCard, Value

FILE_NAME = "expert.json"

Loader = Callable[[Path, "StoredExpert"], Expert]


class StoredExpert(Value):
    """The content of expert.json: which loader, the card, and what the loader needs to know."""

    loader: str
    card: ExpertCard
    options: dict[str, Any] = {}

    def save(self, folder: Path) -> Path:
        """Write expert.json into `folder`, whole or not at all; gives its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE_NAME
        draft = path.with_suffix(".part")
        draft.write_text(self.model_dump_json(indent=2), encoding="utf-8")
        draft.replace(path)
        return path

    @classmethod
    def read(cls, folder: Path) -> StoredExpert:
        """The content of a folder's expert.json.

        Raises:
            InvalidExpert: no such file, no JSON, or a card that is none.
        """
        path = folder / FILE_NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise InvalidExpert(folder.name, f"{path}: {error}", f"a folder with a valid {FILE_NAME}") from error
