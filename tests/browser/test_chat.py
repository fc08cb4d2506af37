"""The chat in a real headless browser: upload, answer, citations, stop, reload, errors; and no request leaves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from orchestrator.ledger.traces import Traces
from tests.browser.browsing import CHROMIUM, Served, add_document, answered, ask, browser, served

pytestmark = pytest.mark.browser

WARRANTY = """# Warranty terms of the Kestrel

Author: Example Works

The Kestrel coffee machine carries a warranty of thirty months from the date of purchase. Descaling is not
covered by it. Keep the receipt, because without it the service centre charges for the repair.

The water tank of the Kestrel holds two litres and must be rinsed once a week.
"""
HOSTILE = """<img src=x onerror="window.hacked=1"> notes

The garden pump Otter 12 delivers <b>forty</b> litres a minute <img src=y onerror="window.hacked=2"> at full speed.
"""


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat over a library of one document."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, but there is no {CHROMIUM}")
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    folder = tmp_path_factory.mktemp("chat")
    document = folder / "warranty.md"
    document.write_text(WARRANTY, encoding="utf-8")
    with served(folder / "home", [document]) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(chat: Served) -> Iterator[Any]:
    with browser() as running:
        yield running


@pytest.fixture
def page(chat: Served, chromium: Any) -> Iterator[Any]:
    """A fresh visitor; at the end no host but the chat's own was asked, and no script of a document ran."""
    yield from _visit(chat, chromium, "en-GB")


@pytest.fixture
def chinese_page(chat: Served, chromium: Any) -> Iterator[Any]:
    yield from _visit(chat, chromium, "zh-CN")


def _visit(chat: Served, chromium: Any, locale: str) -> Iterator[Any]:
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    hosts: set[str | None] = set()
    context.on("request", lambda request: hosts.add(urlparse(request.url).hostname))
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(chat.url)
    page.locator("#brand h1").wait_for(timeout=30_000)
    yield page
    assert hosts - {None} == {"127.0.0.1"}  # data: and blob: addresses have no host
    assert errors == []
    assert page.evaluate("window.hacked") is None
    context.close()


def _sign(path: Path, text: str) -> Path:
    """A drawn sign, as a photograph would show it: dark letters on yellow."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (640, 220), "#f5c518")
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 629, 209), outline="black", width=6)
    draw.text((320, 110), text, fill="black", font=ImageFont.load_default(72), anchor="mm")
    image.save(path)
    return path


def test_a_sign_is_read_and_the_expert_that_read_it_opens(page: Any, chat: Served, tmp_path: Path) -> None:
    reply = answered(page, "What does the sign say?", _sign(tmp_path / "sign.png", "MIND THE GAP"))

    assert "MIND THE GAP" in reply.locator(".text").first.inner_text().upper()
    assert page.locator("#current .request img").evaluate("image => image.naturalWidth") == 640
    page.get_by_text("0 bytes sent", exact=True).wait_for()
    assert page.locator("#input textarea").input_value() == ""
    reply.locator(".steps summary").click()
    step = reply.locator(".steps li").first
    assert step.get_attribute("data-state") == "done"
    assert re.search(r"\d ?(ms|s) · cpu", step.locator(".facts").inner_text())
    reply.locator(".mark").first.click()
    panel = page.locator("#source .opened")
    panel.wait_for()
    text = panel.inner_text()
    assert "MIND THE GAP" in text.upper()
    assert "Licence" in text
    assert "Limits" in text


def test_a_citation_opens_the_passage_and_tells_when_the_document_is_gone(page: Any, tmp_path: Path) -> None:
    note = tmp_path / "heron.txt"
    note.write_text(
        "The Heron 5 lamp\n\nThe Heron 5 lamp uses nine watts and lasts fifteen thousand hours.\n", encoding="utf-8"
    )
    add_document(page, note)
    entry = page.locator("#documents li", has_text="Heron")
    entry.wait_for(timeout=15_000)

    reply = answered(page, "How many watts does the Heron 5 lamp use?")
    assert "nine watts" in reply.locator(".text").first.inner_text()
    reply.locator(".sources .entry").first.click()
    panel = page.locator("#source .opened")
    panel.wait_for()
    quote = panel.locator("mark").inner_text()
    assert quote == "The Heron 5 lamp uses nine watts and lasts fifteen thousand hours."
    assert quote in note.read_text(encoding="utf-8")
    assert panel.locator(".badge").inner_text() == "verified"

    entry.get_by_role("button").click()
    entry.wait_for(state="detached")
    reply.locator(".mark").first.click()
    panel.locator(".badge.stale").wait_for()
    assert panel.locator("mark").inner_text() == quote


def test_markup_in_documents_and_requests_is_text(page: Any, tmp_path: Path) -> None:
    note = tmp_path / "otter.txt"
    note.write_text(HOSTILE, encoding="utf-8")
    add_document(page, note)
    page.locator("#documents li").nth(1).wait_for(timeout=15_000)
    assert "<img src=x" in page.locator("#documents").inner_text()

    question = "How many litres a minute does the Otter 12 garden pump deliver? <img src=z onerror='window.hacked=3'>"
    reply = answered(page, question)
    assert "<b>forty</b>" in reply.locator(".text").first.inner_text()
    reply.locator(".sources .entry").first.click()
    panel = page.locator("#source .opened")
    panel.wait_for()
    assert '<img src=y onerror="window.hacked=2">' in panel.inner_text()
    page.reload()
    page.locator("#earlier .request", has_text="<img src=z").wait_for(timeout=15_000)
    page.wait_for_timeout(300)  # time in which an image would have failed to load
    assert page.locator("img[src=x], img[src=y], img[src=z]").count() == 0


def test_speech_can_be_played(page: Any) -> None:
    pytest.importorskip("espeakng_loader", reason="the optional extra `speech` is not installed")
    reply = answered(page, 'Say "the train leaves at nine" as audio')
    player = reply.locator("audio")
    player.wait_for()
    page.wait_for_function("document.querySelector('#current audio').duration > 0.5", timeout=15_000)
    assert player.evaluate("audio => audio.error") is None


def test_a_run_outlives_a_reload_and_stop_cancels_it(page: Any, chat: Served) -> None:
    text = 'Please polish my text slowly and carefully: "A rough draft."'
    reply = ask(page, text)
    running = reply.locator(".steps li[data-state=running]").first
    running.wait_for(timeout=30_000)
    page.reload()
    running.wait_for(timeout=15_000)
    page.locator("#input .stop-button").click()
    page.locator("#current .reply[data-state=stopped]").wait_for(timeout=10_000)
    assert reply.inner_text().rstrip().endswith("Stopped.")
    page.locator("#input .submit-button").wait_for()
    traces = Traces(chat.home / "baton.db", chat.home / "artifacts")
    run = next(trace for trace in traces.latest() if trace.request.text == text)
    traces.close()
    assert (run.status, run.results, run.answer) == ("cancelled", (), None)
    page.reload()
    page.locator("#earlier .reply[data-state=stopped]").wait_for(timeout=15_000)


def test_a_reload_shows_the_conversation_and_a_new_one_is_empty(page: Any, tmp_path: Path) -> None:
    question = "How long is the warranty of the Kestrel?"
    before = answered(page, question).locator(".text").first.inner_text()
    assert "thirty months" in before
    page.reload()
    earlier = page.locator("#earlier .turn")
    earlier.wait_for(timeout=15_000)
    assert earlier.locator(".reply .text").first.inner_text() == before
    earlier.locator(".mark").first.click()
    page.locator("#source mark", has_text="thirty months").wait_for()

    page.locator("#new").click()
    page.locator(".welcome").wait_for()
    assert page.locator(".turn").count() == 0


@pytest.mark.parametrize(("name", "content"), [("empty.png", b""), ("torn.png", b"\x89PNG\r\n\x1a\nnot a picture")])
def test_a_bad_upload_is_explained_and_nothing_is_lost(page: Any, tmp_path: Path, name: str, content: bytes) -> None:
    upload = tmp_path / name
    upload.write_bytes(content)
    ask(page, "What does this sign say?", upload)
    problem = page.locator("#current", has_text=name)
    problem.wait_for(timeout=30_000)
    page.wait_for_function("document.querySelector('#input textarea').value !== ''", timeout=20_000)
    text = problem.inner_text()
    assert "BadRequest" in text
    assert "Attach a file with content." in text or "Check that torn.png opens." in text
    assert page.locator("#input textarea").input_value() == "What does this sign say?"
    assert page.locator("#input .thumbnail-item").count() == 1
    page.locator("#input .submit-button").wait_for()


def test_a_suggestion_fills_the_input_and_experts_are_listed(page: Any) -> None:
    suggestion = page.locator(".suggestion").first
    suggestion.wait_for(timeout=40_000)
    text = suggestion.evaluate("button => button.firstChild.textContent")
    suggestion.click()
    page.wait_for_function("text => document.querySelector('#input textarea').value === text", arg=text)
    page.get_by_role("tab", name="Experts").click()
    card = page.locator("[data-expert=text_recognition]")
    card.wait_for()
    assert {"Licence", "Author", "Limits"} <= set(card.locator("dt").all_inner_texts())


def test_a_chinese_browser_reads_and_asks_in_chinese(chinese_page: Any, tmp_path: Path) -> None:
    page = chinese_page
    page.get_by_text("已发送 0 字节", exact=True).wait_for()
    page.get_by_role("button", name="新对话").wait_for()
    reply = answered(page, "这个标志上写着什么？", _sign(tmp_path / "sign.png", "PLATFORM 7"))
    assert "PLATFORM 7" in reply.locator(".text").first.inner_text().upper()
