"""OwnRequest: what a person writes, with what a right answer must and must not hold. Knows no answer.

They stand in english.toml and chinese.toml; neither file translates the other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from benchmarks.own_requests.readers import REGISTERED
from orchestrator.artifact import ArtifactKind
from orchestrator.errors import BadRequest, ConfigError
from orchestrator.types import Language, Value

FOLDER = Path(__file__).parent
FRESH = FOLDER / "fresh"  # written after everything was tuned
FILES: dict[Language, str] = {"en": "english.toml", "zh": "chinese.toml"}
Kind = Literal["single", "chain", "branch", "follow-up", "decline"]
_STEP = re.compile(r"\w+ = (\w+)\(")
KINDS: tuple[Kind, ...] = ("single", "chain", "branch", "follow-up", "decline")


class WantedArtifact(Value):
    """A file that must come out."""

    kind: ArtifactKind
    duration_s: tuple[float, float] | None = Field(default=None, description="of a recording: least and most")
    size_px: tuple[int, int] | None = Field(default=None, description="of a picture: width and height")


class OwnRequest(Value):
    """A request and the checker of its answer."""

    id: str
    language: Language
    kind: Kind
    text: str = Field(min_length=1)
    files: tuple[str, ...] = ()
    follows: str | None = Field(default=None, description="the turn before it in the same conversation")
    plan: tuple[str, ...] = Field(min_length=1, description="a right plan, lines of the plan language; not judged by")
    status: tuple[Literal["answered", "partial", "needs_input", "abstained"], ...] = ("answered",)
    says: tuple[str, ...] = Field(default=(), description="patterns all of which the answer must hold")
    says_not: tuple[str, ...] = Field(default=(), description="patterns none of which it may hold")
    artifacts: tuple[WantedArtifact, ...] = ()

    @field_validator("says", "says_not")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no pattern: {error}") from error
        return patterns

    @property
    def experts(self) -> tuple[str, ...]:
        """The experts of the right plan, step by step; none where declining is right."""
        return tuple(found[1] for line in self.plan if (found := _STEP.match(line)))

    @property
    def uses_registered(self) -> bool:
        """Whether a right plan needs an expert that the benchmark itself registers."""
        return not REGISTERED.isdisjoint(self.experts)


def read_requests(folder: Path = FOLDER) -> tuple[OwnRequest, ...]:
    """All requests of a folder, English first, every turn behind the one that it follows.

    Raises:
        ConfigError: a file holds a bad field, an id twice, or a turn that follows none before it.
    """
    found: dict[str, OwnRequest] = {}
    for request in _read(folder):
        if request.id in found:
            raise ConfigError(f"the request {request.id} stands twice", "Give every request its own id.")
        if request.follows is not None and request.follows not in found:
            raise ConfigError(f"{request.id} follows {request.follows}, which does not stand before it")
        found[request.id] = request
    return tuple(found.values())


def chosen(requests: Sequence[OwnRequest], only: Sequence[str]) -> tuple[OwnRequest, ...]:
    """The requests of these ids with the turns before them; all where none is named.

    Raises:
        BadRequest: an id that no request has.
    """
    by_id = {request.id: request for request in requests}
    wanted: set[str] = set()
    for name in only or by_id:
        if name not in by_id:
            raise BadRequest("--only", name, "the id of a request", "The ids stand in english.toml and chinese.toml.")
        turn: str | None = name
        while turn is not None:
            wanted.add(turn)
            turn = by_id[turn].follows
    return tuple(request for request in requests if request.id in wanted)


def _read(folder: Path) -> Iterator[OwnRequest]:
    for language, name in FILES.items():
        rows = tomllib.loads((folder / name).read_text("utf-8"))["request"]
        for row in rows:
            try:
                yield OwnRequest(language=language, **row)
            except (ValidationError, TypeError) as error:
                raise ConfigError(
                    f"{name}, {row.get('id')}: {error}", "Compare with the fields of OwnRequest."
                ) from error
