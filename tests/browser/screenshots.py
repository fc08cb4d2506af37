"""Takes the README's pictures anew: `python -m tests.browser.screenshots` writes docs/images/."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.browsing import ROOT, answered, browser, served

FOLDER = ROOT / "docs" / "images"
MEDIA = ROOT / "examples" / "media"
REQUEST = "How often must this device be serviced? Plot the revenue per month."
FILES = (MEDIA / "nameplate.jpg", MEDIA / "sales.csv")
SIZE = {"width": 1280, "height": 900}
NUM_COLOURS = 256  # a palette keeps each picture far below 300 kB


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="baton-") as folder, browser() as chromium:
        # A copy, so that the picture shows no path of the machine that took it.
        library = shutil.copytree(ROOT / "examples" / "library", Path(folder) / "library")
        with served(Path(folder) / "home", [library]) as chat:
            page = chromium.new_page(viewport=SIZE, locale="en-GB")
            page.goto(chat.url)
            page.locator("#brand h1").wait_for(timeout=30_000)
            _conversation(page)
            _take(page, "chat.png")
            page.get_by_role("tab", name="Experts").click()
            page.locator("[data-expert=text_recognition]").wait_for()
            _take(page, "experts.png")


def _conversation(page: Any) -> None:
    """A request that several experts answer, its steps unfolded, the library's passage opened."""
    reply = answered(page, REQUEST, *FILES)
    reply.locator(".steps summary").click()
    reply.locator(".sources .entry", has_text="XR-2000").last.click()
    page.locator("#source mark").wait_for()
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.locator("#conversation").evaluate("column => column.scrollTop = 0")


def _take(page: Any, name: str) -> None:
    from PIL import Image

    page.mouse.move(0, 0)
    page.wait_for_timeout(400)  # transitions end
    path = FOLDER / name
    page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(NUM_COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
