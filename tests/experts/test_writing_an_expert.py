"""The Python of docs/writing-an-expert.md runs as printed and does what the page says."""

import re
from pathlib import Path

import pytest
from PIL import Image as Pillow

from orchestrator import Image, Text
from orchestrator.config import load_settings
from orchestrator.registry.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "writing-an-expert.md"
FUNCTION, CLASS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> Registry:
    """A registry whose home holds both files of the page."""
    home = tmp_path_factory.mktemp("home")
    (home / "experts").mkdir()
    (home / "experts" / "leaf_cover.py").write_text(FUNCTION, encoding="utf-8")
    (home / "experts" / "mail_department.py").write_text(CLASS, encoding="utf-8")
    return Registry(load_settings({}, home=home)).discover()


def test_the_function_in_a_file_is_an_expert(registry):
    leaf_cover = registry.expert("leaf_cover")
    picture = Pillow.new("RGB", (10, 10), "saddlebrown")
    picture.paste((40, 160, 30), (0, 0, 10, 3))
    (prediction,) = leaf_cover.predict([{"image": Image.of(picture)}])
    assert prediction.outputs["json"].value == {"cover_percent": 30.0}
    said = leaf_cover.card.says["en"][0].format(**prediction.outputs["json"].value)
    assert said == "Leaves cover 30 percent of the picture."
    assert [(port.name, port.kind, port.description) for port in leaf_cover.card.inputs] == [
        ("image", "image", "photo of a field from above")
    ]


def test_the_class_in_a_file_is_an_expert(registry):
    sorter = registry.expert("mail_department")
    assert sorter.card.resources.max_batch == 32
    sorter.load("cpu")
    mails = ["The lorry with the pallets is late", "Please measure this sample again"]
    predictions = sorter.predict([{"text": Text(mail)} for mail in mails])
    assert [prediction.outputs["labels"].top for prediction in predictions] == ["warehouse", "laboratory"]
    assert sorter.predict([]) == []
    sorter.unload()


def test_nothing_was_reported(registry):
    assert [problem for problem in registry.problems if "leaf" in problem.origin or "mail" in problem.origin] == []
