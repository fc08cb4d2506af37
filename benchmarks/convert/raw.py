"""A published set as its authors wrote it: files read, fields checked. Knows no evaluation format.

What is missing or has another shape than its readers expect is a BadRequest that names the file, the place in it and
the page that says which files to download.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.errors import BadRequest
from orchestrator.evaluation.retrieval import read_rows

T = TypeVar("T")

REMEDY = "docs/public-sets.md names the files to download."
_TYPE_WORDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


def existing(folder: Path, *names: str) -> Path:
    """The first of the names that is a file below the folder.

    Raises:
        BadRequest: none is.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise BadRequest("--source", str(folder), f"a folder that holds {' or '.join(names)}", REMEDY)


def document(path: Path) -> Any:
    """A JSON file.

    Raises:
        BadRequest: not readable, or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(str(path), path.name, f"a JSON file ({error})", REMEDY) from error


def lines(path: Path, *keys: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a JSON-lines file, each with its place (`data.json row 3`) for messages.

    Raises:
        BadRequest: not readable, a line that is no JSON object, or one without the keys.
    """
    try:
        for number, row in enumerate(read_rows(path, keys), start=1):
            yield f"{path.name} row {number}", row
    except BadRequest as error:
        raise BadRequest(error.field, error.value, error.legal, REMEDY) from error


def table(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a comma-separated file with a header.

    Raises:
        BadRequest: not readable, or a header without the columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            header = rows.fieldnames or []
            if any(column not in header for column in columns):
                raise BadRequest(f"{path} row 1", list(header), f"a header with {', '.join(columns)}", REMEDY)
            yield from rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRequest(str(path), path.name, f"a comma-separated file ({error})", REMEDY) from error


def typed(value: Any, type_: type[T], place: str) -> T:
    """The value, which must be of the type.

    Raises:
        BadRequest: it is not; names the place.
    """
    if not isinstance(value, type_):
        raise BadRequest(place, value, _TYPE_WORDS[type_], REMEDY)
    return value


def field(row: Any, key: str, type_: type[T], place: str) -> T:
    """A field of a row, which must be there and of the type.

    Raises:
        BadRequest: it is not; names the place and the field.
    """
    return typed(typed(row, dict, place).get(key), type_, f"{place}, field {key}")


def texts(value: Any, place: str) -> list[str]:
    """A list of texts.

    Raises:
        BadRequest: it is none.
    """
    return [typed(item, str, place) for item in typed(value, list, place)]
