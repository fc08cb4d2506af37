"""A served chat and a headless browser, for the tests and for the screenshots of the README."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Served:
    """A chat that answers at `url`, its state under `home`."""

    url: str
    home: Path


@contextmanager
def served(home: Path, documents: Sequence[Path] = ()) -> Iterator[Served]:
    """A chat in a process of its own, on a free port, for the length of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.browser.served", str(home), str(port), *map(str, documents)]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
    log_path = home.with_suffix(".log")
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/", process, log_path)
        yield Served(f"http://127.0.0.1:{port}/", home)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the chat did not start:\n{log_path.read_text(errors='replace')[-3000:]}")


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield chromium
        finally:
            chromium.close()


def attach(page: Any, *files: Path) -> None:
    """Attach files to the input, and wait until they are uploaded."""
    page.locator("#input input[type=file]").set_input_files([str(file) for file in files])
    page.wait_for_function(
        "n => document.querySelectorAll('#input .thumbnail-item').length === n", arg=len(files), timeout=15_000
    )


def add_document(page: Any, file: Path) -> None:
    """Give a document to the library's side panel."""
    page.locator("input[data-testid$='-upload-button']").set_input_files(str(file))


def ask(page: Any, text: str, *files: Path) -> Any:
    """Write a request, attach files, send it; gives the newest turn's reply."""
    page.locator("#input textarea").fill(text)
    if files:
        attach(page, *files)
    page.locator("#input .submit-button").click()
    return page.locator("#current .reply")


def answered(page: Any, text: str, *files: Path) -> Any:
    """The reply to a request when it is whole."""
    ask(page, text, *files)
    page.locator("#current .request", has_text=text).wait_for(timeout=30_000)
    reply = page.locator("#current .reply[data-state=answered]")
    reply.wait_for(timeout=40_000)
    return reply
