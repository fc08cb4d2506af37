"""What every test may use: a home of its own, experts that wait or fail, a controller with queued plans, no network."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.expert import SingleExpert, expert
from orchestrator.types import Plan, Request, Shortlist

# Before anything imports torch: threads that spin while they wait make a shared CPU many times slower.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in [name for name in os.environ if name.startswith("BATON_")]:
    del os.environ[_name]

_OWN_NAMES = {"", "localhost", "ip6-localhost", "testserver", socket.gethostname()}


class OutsideSocket(AssertionError):
    """A test reached for the network."""


def _refuse_outside_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host or "")
    if host not in _OWN_NAMES and not host.startswith("127.") and host not in ("::1", "0.0.0.0", "::"):
        raise OutsideSocket(f"{event} to {host!r}: tests stay on this machine")


sys.addaudithook(_refuse_outside_sockets)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty BATON_HOME, named by the environment; no baton.toml lies in the working directory."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("BATON_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="session")
def baton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Orchestrator a session, with every installed expert and a home of its own."""
    from orchestrator.orchestrator import Orchestrator

    with Orchestrator({}, home=tmp_path_factory.mktemp("baton-home")) as orchestrator:
        yield orchestrator


@pytest.fixture
def slow_expert() -> Callable[..., SingleExpert]:
    """Makes an expert that waits so many seconds and then gives its text back in capitals."""

    def make(name: str, seconds: float, **declared: Any) -> SingleExpert:
        @expert(name, **declared)
        def waits(text: str = "done") -> str:
            """Waits, then gives its text in capitals."""
            time.sleep(seconds)
            return text.upper()

        return waits

    return make


@pytest.fixture
def failing_expert() -> Callable[..., SingleExpert]:
    """Makes an expert that raises the error whenever it runs."""

    def make(name: str, error: BaseException, **declared: Any) -> SingleExpert:
        @expert(name, **declared)
        def fails(text: str = "") -> str:
            """Raises."""
            raise error

        return fails

    return make


class QueuedController:
    """Gives the plans that it was given, one a request, in order, and keeps what it was asked."""

    name = "queued"

    def __init__(self, *plans: Plan) -> None:
        self.plans = list(plans)
        self.asked: list[tuple[Request, Shortlist]] = []

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        self.asked.append((request, shortlist))
        return self.plans.pop(0)


@pytest.fixture
def queued_controller() -> type[QueuedController]:
    """The class of a controller with queued plans."""
    return QueuedController
