"""Output: one JSON document or readable text on standard output, everything else on standard error; exit statuses."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import typer
from pydantic import BaseModel

from orchestrator.errors import BatonError

EXIT_STATUSES = {
    "answered": 0,
    "partial": 0,
    "planned": 0,
    "needs_input": 3,
    "abstained": 4,
    "failed": 1,
}


def print_json(value: BaseModel | dict[str, Any] | list[Any]) -> None:
    """Exactly one JSON document on standard output."""
    if isinstance(value, BaseModel):
        print(value.model_dump_json())
    else:
        print(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def note(text: str) -> None:
    """A line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def errors_shown(as_json: bool) -> Iterator[None]:
    """A typed error as JSON on standard output, or as two lines on standard error; exit status 1."""
    try:
        yield
    except BatonError as error:
        fail(error, as_json)
    except KeyboardInterrupt:
        note("stopped")
        raise typer.Exit(130) from None


def fail(error: BatonError, as_json: bool) -> NoReturn:
    """End the command with a typed error."""
    if as_json:
        print_json({"error": error.as_dict()})
    else:
        note(f"{error.type}: {error.message}")
        note(error.remedy)
    raise typer.Exit(1)
