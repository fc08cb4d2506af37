"""The library that the requests are asked of, and real media that the tests draw, speak and write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from orchestrator.types import Answer, SourceCitation

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def asked(baton: Any) -> Any:
    """The session's orchestrator with the documents of the examples in its library."""
    report = baton.library.add([EXAMPLES / "library"])
    assert report.failed == ()
    return baton


@pytest.fixture
def sign(tmp_path: Path) -> Callable[..., Path]:
    """Draws a sign with the lines on it; gives the file."""

    def draw(*lines: str, name: str = "sign.png") -> Path:
        import matplotlib

        font_file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
        picture = Pillow.new("RGB", (900, 120 + 110 * len(lines)), (245, 240, 225))
        pen = ImageDraw.Draw(picture)
        for row, line in enumerate(lines):
            pen.text((60, 60 + 110 * row), line, fill=(20, 20, 60), font=ImageFont.truetype(str(font_file), 60))
        picture.save(tmp_path / name)
        return tmp_path / name

    return draw


@pytest.fixture
def speech(tmp_path: Path) -> Callable[..., Path]:
    """Speaks a text; gives the recording."""

    def speak(text: str, name: str = "speech.wav") -> Path:
        pytest.importorskip("espeakng_loader")
        from experts.audio import SpeechSynthesis
        from orchestrator import Text

        (tmp_path / name).write_bytes(SpeechSynthesis(Text(text)).read_bytes())
        return tmp_path / name

    return speak


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """A table of revenue by region and month."""
    path = tmp_path / "sales.csv"
    path.write_text("region,month,revenue\nNorth,1,100\nSouth,1,150\nNorth,2,90\nSouth,2,210\nWest,1,30\n")
    return path


@pytest.fixture
def sources() -> Callable[[Any, Answer], list[tuple[str, str]]]:
    """The source citations of an answer as (title, quote), each verified against the stored document first."""

    def of(baton: Any, answer: Answer) -> list[tuple[str, str]]:
        found = [citation for citation in answer.citations if isinstance(citation, SourceCitation)]
        assert all(baton.library.verify(citation) for citation in found)
        for citation in found:
            assert baton.library.text(citation.document)[citation.start : citation.end] == citation.quote
        return [(citation.title, citation.quote) for citation in found]

    return of
