"""PictureFacts measures pictures whose facts the tests know."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image as Pillow
from PIL import ImageFilter
from sklearn.datasets import load_sample_images

from experts.image import PictureFacts
from experts.image.colours import dominant_colours
from orchestrator.artifact import Artifact, Image
from orchestrator.errors import BadRequest

PICTURES = Path(skimage.data_dir)


def as_jpeg(picture: Pillow.Image, exif: Pillow.Exif) -> Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    return Image.from_bytes(buffer.getvalue(), name="photo.jpg")


def test_every_fact_of_a_plain_picture() -> None:
    assert PictureFacts(Image.of(Pillow.new("RGB", (200, 100), (255, 0, 0)))).value == {
        "width_px": 200,
        "height_px": 100,
        "megapixels": 0.02,
        "format": "PNG",
        "colours": [{"name": "red", "name_zh": "红色", "share": 1.0}],
        "main_colours": None,
        "main_colours_zh": None,
        "main_colour": "red",
        "main_colour_zh": "红色",
        "sharpness": 0.0,
        "sharpness_word": "of a single tone",
        "sharpness_word_zh": "只有一种色调",
        "brightness": 76.0,
        "brightness_word": "of medium brightness",
        "brightness_word_zh": "亮度适中",
        "camera": None,
        "taken_at": None,
        "has_gps": False,
        "latitude_deg": None,
        "longitude_deg": None,
    }


def test_camera_time_and_place_of_the_exif_block() -> None:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0110] = "Nikon", "D750\x00"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:14 15:09:26"
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 30.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    value = PictureFacts(as_jpeg(Pillow.new("RGB", (60, 40)), exif)).value
    assert (value["camera"], value["taken_at"], value["has_gps"]) == ("Nikon D750", "2026-03-14 15:09:26", True)
    assert value["latitude_deg"] == pytest.approx(-33.858333, abs=1e-5)
    assert value["longitude_deg"] == pytest.approx(151.21, abs=1e-5)


def test_a_broken_gps_block_gives_no_place() -> None:
    exif = Pillow.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0)})
    value = PictureFacts(as_jpeg(Pillow.new("RGB", (60, 40)), exif)).value
    assert (value["has_gps"], value["latitude_deg"], value["longitude_deg"]) == (True, None, None)


def test_the_size_is_that_of_the_upright_picture() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    value = PictureFacts(as_jpeg(Pillow.new("RGB", (60, 40)), exif)).value
    assert (value["width_px"], value["height_px"]) == (40, 60)


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"])
def test_a_blurred_photograph_is_called_blurred(name: str) -> None:
    sharp = Artifact.from_path(PICTURES / name)
    blurred = Image.of(sharp.pil().filter(ImageFilter.GaussianBlur(3)))
    assert PictureFacts(sharp).value["sharpness_word"] == "sharp"
    assert PictureFacts(blurred).value["sharpness_word"] == "blurred"


def test_brightness_words() -> None:
    words = [PictureFacts(Image.of(Pillow.new("L", (9, 9), grey))).value["brightness_word"] for grey in (10, 128, 250)]
    assert words == ["dark", "of medium brightness", "bright"]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 255, 255), "white"),
        ((0, 0, 0), "black"),
        ((128, 128, 128), "grey"),
        ((0, 0, 255), "blue"),
        ((0, 128, 0), "green"),
        ((255, 255, 0), "yellow"),
        ((255, 165, 0), "orange"),
        ((128, 0, 128), "purple"),
        ((139, 69, 19), "brown"),
        ((255, 192, 203), "pink"),
    ],
)
def test_pure_colours_have_their_names(rgb: tuple[int, int, int], name: str) -> None:
    assert [shade.name for shade in dominant_colours(Pillow.new("RGB", (30, 30), rgb))] == [name]


def test_shares_of_a_flag_and_colours_of_a_flower() -> None:
    flag = np.zeros((90, 60, 3), dtype=np.uint8)
    flag[:30], flag[30:60], flag[60:] = (0, 128, 0), (255, 255, 255), (255, 0, 0)
    shades = dominant_colours(Pillow.fromarray(flag))
    assert {shade.name for shade in shades} == {"green", "white", "red"}
    assert all(shade.share == pytest.approx(1 / 3, abs=0.03) for shade in shades)
    flower = Pillow.fromarray(load_sample_images().images[1])
    assert {"pink", "orange", "red"} & {shade.name for shade in dominant_colours(flower)}


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(BadRequest, match="readable image file"):
        PictureFacts(Image.from_bytes(b"GIF89a", name="x.gif"))
