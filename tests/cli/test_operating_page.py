"""docs/operating.md lists every setting as the code has it; `python tests/cli/test_operating_page.py` writes it."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel

from orchestrator.cli.output import EXIT_STATUSES
from orchestrator.config import Settings

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
_TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)
_SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """A row for each setting, sections under their dotted names."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from rows(field.annotation, f"{prefix}{name}.")
            continue
        assert field.description, f"{prefix}{name} has no description"
        legal = [_words(field.annotation)]
        for limit in field.metadata:
            if type(limit) in _SIGNS:
                sign, attribute = _SIGNS[type(limit)]
                legal.append(f"{sign} {getattr(limit, attribute)}")
        default = "none" if field.default is None else f"`{_written(field.default)}`"
        variable = f"BATON_{prefix.replace('.', '__')}{name}".upper()
        yield f"| `{prefix}{name}` | `{variable}` | {default} | {', '.join(legal)} | {field.description} |"


def _written(value: Any) -> str:
    return "[]" if value == () else str(value).lower() if isinstance(value, bool) else str(value)


def _words(annotation: Any) -> str:
    """A type in words."""
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return _words(next(part for part in get_args(annotation) if part is not type(None)))
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"list of {_words(get_args(annotation)[0])}"
    return {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "folder"}[annotation]


def table() -> str:
    head = "| in `baton.toml` | variable | default | legal | meaning |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows(Settings)) + "\n"


def test_the_page_lists_every_setting_as_it_is():
    [written] = _TABLE.findall(PAGE.read_text(encoding="utf-8"))
    assert written == table(), f"settings changed: run python {Path(__file__).name} to write the table again"


def test_the_page_names_every_exit_status_and_command():
    from typer.main import get_command

    from orchestrator.cli.app import app

    text = PAGE.read_text(encoding="utf-8")
    for status, number in EXIT_STATUSES.items():
        assert re.search(rf"^\| {number} \|.*\b{status}\b", text, re.MULTILINE), f"{number} {status}"
    for name in get_command(app).commands:
        assert f"`baton {name}" in text, name


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
