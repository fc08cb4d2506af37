"""One suite over every embedded expert: its card is complete and true, and it keeps the contract of an expert."""

from __future__ import annotations

import functools
import importlib
import string
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zxingcpp
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from experts.audio import SpeechSynthesis
from orchestrator.artifact import Artifact, Audio, File, Image, Json, Labels, Table, Text
from orchestrator.errors import BatonError
from orchestrator.expert import Expert, Prediction
from orchestrator.language import has_chinese
from orchestrator.types import ExpertCard, OutputValue

FAMILIES = ("image", "audio", "files", "text", "tabular")
HEAVY = (
    "cv2",
    "magika",
    "matplotlib",
    "onnxruntime",
    "pandas",
    "pocketsphinx",
    "rapidocr",
    "scipy",
    "sklearn",
    "torch",
)


def experts_of(family: str) -> Iterator[Expert]:
    module = importlib.import_module(f"experts.{family}")
    for name in module.__all__:
        yield getattr(module, name)


EXPERTS = {expert.card.name: expert for family in FAMILIES for expert in experts_of(family)}
every_expert = pytest.mark.parametrize("name", sorted(EXPERTS))


@functools.cache
def loaded(name: str) -> Expert:
    EXPERTS[name].load("cpu")
    return EXPERTS[name]


# -- inputs --------------------------------------------------------------------------------------------------------


@functools.cache
def picture(words: str) -> Image:
    """A white sign with the words and a QR code of them; blank where there are none."""
    canvas = Pillow.new("RGB", (600, 200), "white")
    if words:
        ImageDraw.Draw(canvas).text((30, 70), words, fill="navy", font=ImageFont.load_default(44))
        code = zxingcpp.create_barcode(words, zxingcpp.BarcodeFormat.QRCode)
        canvas.paste(Pillow.fromarray(np.array(code.to_image(scale=4))), (420, 30))
    return Image.of(canvas, name="sign.png")


@functools.cache
def recording(words: str) -> Audio:
    return SpeechSynthesis(Text(words))


TEXTS = (
    "The hotel in Lisbon was wonderful. Anna paid 240 euros on 3 May 2026. The staff were friendly and helpful.",
    "The new engine is loud and unreliable. It failed twice in March. Customers in Berlin were very disappointed.",
    "hello there again",
)
FRAMES = (
    pd.DataFrame({"product": ["tea", "bread", "jam", "milk"], "price": [2.8, 3.5, 4.2, 1.1]}),
    pd.DataFrame({"city": ["Rome", "Oslo", "Bern"], "price": [10, 30, 20]}),
    pd.DataFrame({"price": [1, 1, 1]}),
)
# Two inputs that give an expert something to say, and a sparse one in which there is nothing to find.
SAMPLES: dict[str, tuple[Any, Any, Any]] = {
    "text": tuple(Text(text) for text in TEXTS),
    "image": (picture("Platform 3"), picture("Exit left"), picture("")),
    "audio": (
        recording("The new office opened in April."),
        recording("Sales grew by ten percent."),
        Audio.of(np.zeros(16_000), 16_000),
    ),
    "table": tuple(Table.of(frame, name="prices.csv") for frame in FRAMES),
    "file": (
        File.from_bytes(TEXTS[0].encode(), name="note.txt"),
        File.from_bytes(f"<html><body><h1>Test</h1><p>{TEXTS[1]}</p></body></html>".encode(), name="page.html"),
        File.from_bytes(b"", name=""),
    ),
    "array": (["travel", "engineering"], ["machines", "hotels", "food"], ["a", "b"]),
    "string": ("Which has the highest price?", "What is the mean price?", "How many rows are there?"),
}
UNREADABLE: dict[str, Artifact] = {
    "text": Text("   "),
    "image": Image.from_bytes(b"no picture", name="bad.png"),
    "audio": Audio.from_bytes(b"no recording", name="bad.wav"),
    "table": Table.from_bytes(b"", name="bad.xlsx"),
}


def inputs_of(card: ExpertCard, variant: int) -> dict[str, Any]:
    """Good inputs for every required port; `question` is a question whatever its kind."""
    inputs: dict[str, Any] = {}
    required = [port for port in card.inputs if port.required]
    for position, port in enumerate(required):
        # A second port of the same kind gets another value, or comparing would only ever find the same.
        before = sum(other.kind == port.kind for other in required[:position])
        value = SAMPLES["string" if port.name == "question" else port.kind][(variant + before) % 3]
        if port.name == "question" and port.kind == "text":
            value = Text(value)
        inputs[port.name] = [value, value] if port.many else value
    return inputs


@functools.cache
def predictions(name: str) -> list[Prediction]:
    """What the expert gives for both variants of its inputs, in one batch."""
    return loaded(name).predict([inputs_of(EXPERTS[name].card, variant) for variant in (0, 1)])


@functools.cache
def sparse_predictions(name: str) -> list[Prediction]:
    """What the expert gives where there is nothing to find; nothing where it refuses such inputs."""
    try:
        return loaded(name).predict([inputs_of(EXPERTS[name].card, 2)])
    except BatonError:
        return []


# -- the card ------------------------------------------------------------------------------------------------------


def test_every_family_exports_experts_of_different_names() -> None:
    names = [expert.card.name for family in FAMILIES for expert in experts_of(family)]
    assert len(names) == len(set(names)) >= 16
    assert all(isinstance(expert, Expert) for expert in EXPERTS.values())


@every_expert
def test_the_card_is_complete(name: str) -> None:
    card = EXPERTS[name].card
    for field in ("title", "description", "licence", "author", "limits"):
        assert getattr(card, field).strip(), field
    assert card.openness != "unknown"
    assert card.description.rstrip().endswith((".", "。"))
    assert card.inputs
    assert card.outputs
    chinese = [example for example in card.examples if has_chinese(example)]
    assert len(card.examples) - len(chinese) >= 4
    assert len(chinese) >= 3
    assert len(set(card.examples)) == len(card.examples)
    assert (card.network, card.effects) == (False, "none")


@every_expert
def test_its_sentences_use_fields_that_exist(name: str) -> None:
    card = EXPERTS[name].card
    assert set(card.says) == {"en", "zh"}
    known = {port.name for port in card.inputs if port.kind in ("string", "integer", "float", "boolean", "array")}
    known |= {"file"} if any(port.kind in UNREADABLE or port.kind == "file" for port in card.inputs) else set()
    for port in card.outputs:
        known |= {port.name} if port.kind not in ("json", "image", "audio", "table", "file") else set()
        known |= {"top", "confidence"} if port.kind == "labels" else set()
    for prediction in predictions(name) + sparse_predictions(name):
        for output in prediction.outputs.values():
            known |= set(output.value) if isinstance(output, Json) and isinstance(output.value, dict) else set()
    for language, sentences in card.says.items():
        assert sentences
        for sentence in sentences:
            fields = {field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None}
            assert fields <= known, f"{language}: {sentence}"
            words = "".join(literal for literal, *_ in string.Formatter().parse(sentence)).strip()
            assert not words or has_chinese(words) == (language == "zh"), sentence


@every_expert
def test_its_outputs_are_those_of_the_card(name: str) -> None:
    ports = {port.name: port for port in EXPERTS[name].card.outputs}
    for prediction in predictions(name):
        assert set(prediction.outputs) <= set(ports)
        assert {port for port in ports if ports[port].required} <= set(prediction.outputs)
        for port, output in prediction.outputs.items():
            items = output if isinstance(output, tuple) else (output,)
            wanted = ports[port].kind if ports[port].kind in SAMPLES or ports[port].kind == "labels" else "json"
            assert {item.kind for item in items} <= {wanted}
        assert prediction.confidence is None or 0 <= prediction.confidence <= 1


# -- the contract --------------------------------------------------------------------------------------------------


@every_expert
def test_an_empty_batch_gives_an_empty_list(name: str) -> None:
    assert loaded(name).predict([]) == []


@every_expert
def test_a_batch_of_one_equals_a_batch_of_many_in_the_same_order(name: str) -> None:
    card, together = EXPERTS[name].card, predictions(name)
    alone = [loaded(name).predict([inputs_of(card, variant)]) for variant in (1, 0)][::-1]
    assert [len(one) for one in alone] == [1, 1]
    assert [summary(one[0]) for one in alone] == [summary(prediction) for prediction in together]
    assert summary(together[0]) != summary(together[1])


def summary(prediction: Prediction) -> tuple[Any, ...]:
    """What must be the same each time: values; of sound only its duration, to a tenth of a second."""
    outputs = {port: _content(output) for port, output in prediction.outputs.items()}
    confidence = None if prediction.confidence is None else round(prediction.confidence, 4)
    return outputs, confidence


def _content(output: OutputValue) -> Any:
    if isinstance(output, tuple):
        return [_content(item) for item in output]
    if isinstance(output, Audio):
        # espeak-ng's wave generator keeps its phase between texts: the same text differs by a few samples.
        samples, rate_hz = output.samples()
        return round(samples.size / rate_hz, 1)
    if isinstance(output, Labels):
        return {label: round(score, 4) for label, score in output.scores.items()}
    return output.value if output.value is not None else output.sha256


@pytest.mark.parametrize(
    ("name", "port"),
    [
        (name, port.name)
        for name, expert in sorted(EXPERTS.items())
        for port in expert.card.inputs
        if port.required and port.kind in UNREADABLE and not port.many
    ],
)
def test_bad_input_gives_a_typed_error_with_a_remedy(name: str, port: str) -> None:
    card = EXPERTS[name].card
    kind = next(found.kind for found in card.inputs if found.name == port)
    with pytest.raises(BatonError) as caught:
        loaded(name).predict([{**inputs_of(card, 0), port: UNREADABLE[kind]}])
    assert caught.value.remedy.endswith((".", "opens", "]"))
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("name", [n for n in sorted(EXPERTS) if any(p.kind == "audio" for p in EXPERTS[n].card.inputs)])
def test_a_recording_of_0_seconds_is_refused(name: str) -> None:
    with pytest.raises(BatonError, match="longer than 0 seconds"):
        loaded(name).predict([{**inputs_of(EXPERTS[name].card, 0), "audio": Audio.of(np.zeros(0), 8000)}])


@pytest.mark.parametrize("name", [n for n in sorted(EXPERTS) if any(p.kind == "image" for p in EXPERTS[n].card.inputs)])
def test_a_picture_of_100_megapixels_is_refused(name: str) -> None:
    huge = Image.of(Pillow.new("1", (10_000, 10_000)))
    with pytest.raises(BatonError, match="at most 80 megapixels"):
        loaded(name).predict([{**inputs_of(EXPERTS[name].card, 0), "image": huge}])


def test_importing_the_experts_loads_nothing_heavy() -> None:
    imports = "; ".join(f"import experts.{family}" for family in FAMILIES)
    program = f"import sys; {imports}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
