"""Folders of drawn pictures become an expert that tells them apart, with the embedded features and with an encoder."""

from pathlib import Path

import numpy
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from experts.train.head import TrainedClassifier
from experts.train.image import train
from experts.train.media import labelled_files
from orchestrator.artifact import Image
from orchestrator.errors import BadRequest, TrainingDataError
from orchestrator.registry.stored import StoredExpert

LABELS = ("dots", "gradient", "stripes")


def picture(label: str, seed: int) -> Pillow.Image:
    """Dots, stripes or a gradient in random colours, sizes and places."""
    random = numpy.random.default_rng(seed)
    width, height = (int(side) for side in random.integers(90, 200, 2))
    light, dark = (tuple(int(c) for c in random.integers(*bounds, 3)) for bounds in ((150, 256), (0, 110)))
    if label == "gradient":
        share = numpy.linspace(0, 1, width)[None, :, None] * numpy.ones((height, 1, 1))
        return Pillow.fromarray((numpy.array(light) * share + numpy.array(dark) * (1 - share)).astype(numpy.uint8))
    image = Pillow.new("RGB", (width, height), light)
    draw = ImageDraw.Draw(image)
    if label == "stripes":
        step = int(random.integers(10, 18))
        for x in range(int(random.integers(step)), width, step):
            draw.line((x, 0, x, height), fill=dark, width=step // 2)
    else:
        for _ in range(int(random.integers(12, 25))):
            x, y, radius = random.integers(0, width), random.integers(0, height), random.integers(4, 9)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=dark)
    return image


def write_folder(root: Path, num_each: int = 8) -> Path:
    for label in LABELS:
        (root / label).mkdir(parents=True)
        for seed in range(num_each):
            picture(label, seed).save(root / label / f"{seed}.png")
    return root


def unseen() -> tuple[list[dict[str, Image]], list[str]]:
    wanted = [(label, seed) for label in LABELS for seed in range(100, 106)]
    return [{"image": Image.of(picture(*one))} for one in wanted], [label for label, _ in wanted]


def reloaded(stored: StoredExpert, folder: Path) -> TrainedClassifier:
    stored.save(folder)
    expert = TrainedClassifier(folder, StoredExpert.read(folder))
    expert.load("cpu")
    return expert


def test_it_tells_new_pictures_apart(tmp_path):
    data = write_folder(tmp_path / "patterns")
    expert = reloaded(train(data, name="patterns", folder=tmp_path / "expert"), tmp_path / "expert")
    batch, wanted = unseen()
    assert [prediction.outputs["labels"].top for prediction in expert.predict(batch)] == wanted
    assert expert.card.description == "Classifies a pattern as dots, gradient or stripes."
    assert expert.card.training_data.startswith("patterns: 24 pictures (dots 8, gradient 8, stripes 8), sha256 ")
    assert expert.card.metrics[0].value > 0.85
    with pytest.raises(BadRequest, match="a readable image file"):
        expert.predict([{"image": Image.from_bytes(b"no picture", name="a.png")}])


def test_an_encoder_of_transformers_takes_the_place_of_the_embedded_features(tmp_path):
    import torch
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    ViTModel(config).save_pretrained(tmp_path / "encoder")
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "encoder")
    data = write_folder(tmp_path / "patterns", num_each=12)
    stored = train(data, name="patterns", folder=tmp_path / "expert", encoder=str(tmp_path / "encoder"))
    expert = reloaded(stored, tmp_path / "expert")
    batch, wanted = unseen()
    found = [prediction.outputs["labels"].top for prediction in expert.predict(batch)]
    # Random weights still carry the pixels on: far better than the one in three of guessing.
    assert numpy.mean([a == b for a, b in zip(found, wanted, strict=True)]) > 0.6
    assert stored.card.model == f"logistic regression on {tmp_path / 'encoder'}"
    with pytest.raises(BadRequest, match="an encoder with safetensors weights"):
        train(data, name="patterns", folder=tmp_path / "other", encoder=str(tmp_path / "patterns"))


def test_broken_pictures_are_listed_and_skipped(tmp_path):
    root = write_folder(tmp_path / "patterns", num_each=6)
    (root / "dots" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    notes: list[str] = []
    assert len(labelled_files(root, "image", notes.append)) == 18
    assert any(note.startswith("unreadable, left out: dots/broken.jpg") for note in notes)
    with pytest.raises(TrainingDataError, match="is a file; pictures are read from a folder"):
        labelled_files(root / "dots" / "0.png", "image", notes.append)
