"""Faces finds the astronaut's face and frames it, and finds none where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image as Pillow
from sklearn.datasets import load_sample_images

from experts.image import Faces
from orchestrator.artifact import Artifact, Image
from orchestrator.errors import BadRequest

PICTURES = Path(skimage.data_dir)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    Faces.load("cpu")


def test_one_face_is_found_and_framed() -> None:
    portrait = Artifact.from_path(PICTURES / "astronaut.png")
    found = Faces(portrait)
    value = found.faces.value
    assert (value["num_faces"], value["finding"], value["finding_zh"]) == (1, "1 face", "找到1张人脸")
    left, top, right, bottom = value["boxes"][0]
    assert 160 < left < 200
    assert 50 < top < 90
    assert 250 < right < 290
    assert 140 < bottom < 180
    marked = found.marked.pil()
    assert marked.size == (512, 512)
    changed = np.argwhere(np.any(np.asarray(marked) != np.asarray(portrait.pil()), axis=2))
    assert np.abs(changed.min(axis=0) - [top, left]).max() <= 2
    assert np.abs(changed.max(axis=0) - [bottom, right]).max() <= 2


def test_two_faces_in_a_large_picture_keep_its_coordinates() -> None:
    face = Artifact.from_path(PICTURES / "astronaut.png").pil().crop((100, 0, 356, 256)).resize((900, 900))
    group = Pillow.new("RGB", (3000, 1500), "white")
    group.paste(face, (200, 300))
    group.paste(face, (1800, 300))
    found = Faces(Image.of(group))
    assert found.faces.value["finding"] == "2 faces"
    first, second = found.faces.value["boxes"]
    assert 200 < first[0] < first[2] < 1100
    assert 1800 < second[0] < second[2] < 2700
    assert found.marked.pil().size == (1600, 800)


def test_photographs_without_people() -> None:
    temple, flower = (Image.of(Pillow.fromarray(pixels)) for pixels in load_sample_images().images)
    others = [Artifact.from_path(PICTURES / name) for name in ("coffee.png", "chelsea.png", "rocket.jpg")]
    for picture in (temple, flower, *others):
        value = Faces(picture).faces.value
        assert (value["num_faces"], value["boxes"], value["finding"]) == (0, [], "no face")


def test_the_card_warns_of_false_boxes() -> None:
    assert "false boxes" in Faces.card.limits


def test_a_one_pixel_picture_and_no_picture() -> None:
    assert Faces(Image.of(Pillow.new("RGB", (1, 1)))).faces.value["num_faces"] == 0
    with pytest.raises(BadRequest, match="readable image file"):
        Faces(Image.from_bytes(b"\x89PNG\r\n\x1a\nnothing", name="me.png"))
