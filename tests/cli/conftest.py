"""The command line, called in this process with a home of its own; what it prints is told apart from what it logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.cli.app import app

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Called:
    """How one command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


def in_home(home: Path) -> Callable[..., Called]:
    """Calls `baton` with that BATON_HOME."""
    runner = CliRunner()

    def call(*arguments: object) -> Called:
        result = runner.invoke(app, [str(a) for a in arguments], env={"BATON_HOME": str(home)})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Called(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def baton_in_empty_home(tmp_path: Path) -> Callable[..., Called]:
    """`baton` in a home in which nothing was done yet."""
    return in_home(tmp_path / "home")


@pytest.fixture(scope="session")
def baton_call(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Called]:
    """`baton` in a home whose library holds the documents of the examples."""
    call = in_home(tmp_path_factory.mktemp("cli") / "home")
    added = call("library", "add", EXAMPLES / "library", "--json")
    assert (added.status, len(added.json["added"]), added.json["failed"]) == (0, 11, [])
    return call


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("region,month,revenue\nNorth,1,100\nSouth,1,150\nNorth,2,90\nSouth,2,210\nWest,1,30\n")
    return path
