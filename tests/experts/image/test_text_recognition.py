"""TextRecognition reads what the tests draw, in English and Chinese, and says when there is nothing to read."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from experts.image import TextRecognition
from orchestrator.artifact import Artifact, Image
from orchestrator.errors import BadRequest

DATA = Path(__file__).parents[2] / "data"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    TextRecognition.load("cpu")


def drawn(pieces: list[tuple[int, int, str]], size: tuple[int, int] = (900, 420), font_px: int = 44) -> Image:
    picture = Pillow.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for left, top, text in pieces:
        draw.text((left, top), text, fill="black", font=ImageFont.truetype(FONT, font_px))
    return Image.of(picture)


def test_a_sign_is_read_line_by_line() -> None:
    sign = drawn([(60, 40, "Platform 3 is closed"), (60, 140, "Use platform 5"), (60, 240, "Bäckerei öffnet um 9:30")])
    [found] = TextRecognition.predict([{"image": sign}])
    assert found.outputs["text"].value == "Platform 3 is closed\nUse platform 5\nBäckerei öffnet um 9:30"
    assert found.confidence > 0.9
    reading = found.outputs["reading"].value
    assert (reading["num_lines"], reading["missing"]) == (3, None)
    left, top, right, bottom = reading["lines"][0]["box"]
    assert 40 <= left <= 65
    assert 30 <= top <= 60
    assert 350 <= right <= 520
    assert 70 <= bottom <= 110


def test_a_price_list_keeps_its_rows() -> None:
    receipt = drawn(
        [
            (40, 40, "Tea"),
            (600, 42, "2.80"),
            (40, 140, "Bread"),
            (600, 142, "3.50"),
            (40, 240, "Total"),
            (600, 242, "6.30"),
        ]
    )
    assert TextRecognition(receipt).output.text.text == "Tea 2.80\nBread 3.50\nTotal 6.30"


def test_columns_of_running_text_are_read_one_after_the_other() -> None:
    left = ["The harbour was quiet", "when the ferry arrived", "and nobody waited there"]
    right = ["Prices rose in spring", "but wages stayed level", "until the late summer"]
    page = drawn(
        [(30, 40 + 60 * i, line) for i, line in enumerate(left)]
        + [(520, 40 + 60 * i, line) for i, line in enumerate(right)],
        size=(1000, 240),
        font_px=34,
    )
    assert TextRecognition(page).output.text.text.splitlines() == left + right


def test_chinese_and_english_on_one_sign() -> None:
    [found] = TextRecognition.predict([{"image": Artifact.from_path(DATA / "platform_notice.png")}])
    assert found.outputs["text"].value == "请在二号站台候车\nPlatform 2\n末班车22点30分"
    assert found.confidence > 0.9


def test_a_low_resolution_scan() -> None:
    page = Artifact.from_path(Path(skimage.data_dir) / "page.png")
    text = TextRecognition(page).output.text.text
    assert "Let us first determine markers of the coins and the" in text
    assert "the markers are found at the two extreme parts of the" in text


def test_a_picture_without_text_says_so() -> None:
    [found] = TextRecognition.predict([{"image": Image.of(Pillow.new("RGB", (300, 200), "white"))}])
    assert found.outputs["text"].value == ""
    assert found.confidence is None
    assert found.outputs["reading"].value == {
        "num_lines": 0,
        "lines": [],
        "missing": "no readable text",
        "missing_zh": "没有可读的文字",
    }


def test_extreme_sizes_do_no_harm() -> None:
    for size in ((1, 1), (3, 2000), (4000, 2)):
        assert TextRecognition(Image.of(Pillow.new("RGB", size, "white"))).output.text.text == ""


def test_turned_by_its_exif_orientation() -> None:
    import io

    upright = drawn([(60, 60, "This side up")], size=(600, 200)).pil()
    buffer = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(buffer, "JPEG", exif=exif, quality=95)
    assert TextRecognition(Image.from_bytes(buffer.getvalue(), name="phone.jpg")).output.text.text == "This side up"


def test_a_cut_off_picture_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = Image.of(Pillow.fromarray(noise)).read_bytes()
    with pytest.raises(BadRequest, match=r"cut\.png.*readable image file") as caught:
        TextRecognition(Image.from_bytes(whole[: len(whole) // 2], name="cut.png"))
    assert caught.value.remedy == "Check that cut.png opens."


@pytest.mark.parametrize("size", [(10_000, 10_000), (9_000, 9_000)])
def test_a_picture_of_more_than_80_megapixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    huge = Image.of(Pillow.new("1", size))
    assert huge.num_bytes < 100_000
    with pytest.raises(BadRequest, match="at most 80 megapixels") as caught:
        TextRecognition(huge)
    assert caught.value.remedy == "Scale the picture down and attach it again."


def test_a_text_file_called_png_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("these are only words")
    with pytest.raises(BadRequest, match=r"notes\.png.*readable image file"):
        TextRecognition(Artifact.from_path(path))
