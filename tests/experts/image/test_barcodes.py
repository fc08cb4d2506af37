"""Barcodes reads codes that zxing-cpp writes, turned and in company, and says when there is none."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp
from PIL import Image as Pillow

from experts.image import Barcodes
from orchestrator.artifact import Image
from orchestrator.errors import BadRequest


def code(content: str, name: str) -> Pillow.Image:
    made = zxingcpp.create_barcode(content, getattr(zxingcpp.BarcodeFormat, name))
    return Pillow.fromarray(np.array(made.to_image(scale=4)))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("https://example.org/menu?table=7", "QRCode", "a QR Code"),
        ("你好，世界", "QRCode", "a QR Code"),
        ("4006381333931", "EAN13", "an EAN-13 code"),
        ("PARCEL-0042", "Code128", "a Code 128 code"),
        ("batch 7/2026", "DataMatrix", "a Data Matrix code"),
    ],
)
def test_format_and_content(content: str, name: str, said: str) -> None:
    [found] = Barcodes.predict([{"image": Image.of(code(content, name))}])
    value = found.outputs["codes"].value
    assert found.outputs["text"].value == content
    assert (value["content"], value["contents"], value["formats"], value["missing"]) == (content, None, [said], None)
    assert found.confidence == 0.99


def test_a_format_without_check_digits_is_less_sure() -> None:
    [found] = Barcodes.predict([{"image": Image.of(code("1234", "Code39"))}])
    assert (found.outputs["text"].value, found.confidence) == ("1234", 0.9)


@pytest.mark.parametrize("angle_deg", [30, 90, 180, 250])
def test_a_turned_code(angle_deg: int) -> None:
    turned = code("turned", "QRCode").convert("L").rotate(angle_deg, expand=True, fillcolor=255)
    assert Barcodes(Image.of(turned)).output.text.text == "turned"


def test_several_codes_from_top_to_bottom() -> None:
    page = Pillow.new("L", (500, 700), 255)
    page.paste(code("second", "QRCode"), (50, 400))
    page.paste(code("first", "Code128"), (50, 60))
    value = Barcodes(Image.of(page)).output.codes.value
    assert value["contents"] == ["first", "second"]
    assert value["formats_zh"] == ["1个Code 128", "1个QR Code"]
    assert (value["num_codes"], value["content"]) == (2, None)


def test_a_picture_without_a_code_says_so() -> None:
    [found] = Barcodes.predict([{"image": Image.of(Pillow.new("RGB", (200, 200), "white"))}])
    assert found.outputs["text"].value == ""
    assert found.confidence is None
    assert found.outputs["codes"].value["missing"] == "no barcode that can be read"


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(BadRequest, match="readable image file"):
        Barcodes(Image.from_bytes(b"no picture", name="code.png"))
