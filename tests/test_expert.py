"""The contract of an expert: cards from signatures, predictions from what is returned, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from orchestrator.artifact import Artifact, Audio, File, Image, Json, Labels, Table, Text, Video
from orchestrator.errors import InvalidExpert
from orchestrator.expert import Expert, Inputs, Outcome, Prediction, SingleExpert, as_prediction, expert
from orchestrator.types import ExpertCard, Port


class Reading(NamedTuple):
    """What the meter shows."""

    text: Annotated[Text, "the digits"]
    labels: Labels
    picture: Image | None = None


@expert()
def plain(text: str) -> str:
    """Says it again.

    Twice, if need be.
    """
    return text * 2


@expert("weld", task="image-classification", licence="Apache-2.0", examples=["Is it cracked?"], version="1.2.0")
def weld_defects(image: Annotated[Image, "photo of a weld seam"]) -> Labels:
    """Classify the defect."""
    return Labels({"crack": float(image.pil().width) / 10, "none": 0.1})


@expert()
class MeterReader:
    """Reads a meter."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def load(self, device: str) -> None:
        self.calls.append(f"load {device}")

    def __call__(self, image: Image, unit: Literal["kWh", "m3"] = "kWh") -> Reading:
        self.calls.append("call")
        return Reading(Text(f"42 {unit}"), Labels({"sharp": 0.75, "blurred": 0.25}))

    def unload(self) -> None:
        self.calls.append("unload")


@expert("batched")
class Batched:
    """Counts its batch."""

    def __call__(self, text: Text) -> int:
        return 1

    def predict(self, batch: Sequence[Inputs]) -> list[Any]:
        return [Outcome(len(batch) + i, 0.5) for i in range(len(batch))]


def ports(*described: tuple[Any, ...]) -> tuple[Port, ...]:
    return tuple(
        Port(name=name, kind=kind, description=description, **(fields[0] if fields else {}))
        for name, kind, description, *fields in described
    )


def test_a_function_is_its_card() -> None:
    assert plain.card == ExpertCard(
        name="plain",
        description="Says it again.\n\nTwice, if need be.",
        inputs=ports(("text", "string", "")),
        outputs=ports(("result", "string", "")),
    )
    assert weld_defects.card == ExpertCard(
        name="weld",
        version="1.2.0",
        description="Classify the defect.",
        examples=("Is it cracked?",),
        inputs=ports(("image", "image", "photo of a weld seam")),
        outputs=ports(("labels", "labels", "")),
        task="image-classification",
        licence="Apache-2.0",
    )


def test_a_class_is_its_card() -> None:
    assert MeterReader.card == ExpertCard(
        name="meter_reader",
        description="Reads a meter.",
        inputs=ports(
            ("image", "image", ""), ("unit", "string", "", {"required": False, "default": "kWh", "enum": ("kWh", "m3")})
        ),
        outputs=ports(
            ("text", "text", "the digits"), ("labels", "labels", ""), ("picture", "image", "", {"required": False})
        ),
    )
    assert isinstance(MeterReader, Expert)
    assert isinstance(plain, Expert)


def accepts(annotation: Any, *default: Any) -> Port:
    """The port that a parameter of that annotation becomes."""

    def function(x): ...  # type: ignore[no-untyped-def]

    function.__annotations__ = {"x": annotation, "return": str}
    function.__defaults__ = default or None
    return expert("f")(function).card.inputs[0]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Text, "text"), (Image, "image"), (Audio, "audio"), (Video, "video"), (Table, "table"), (Labels, "labels"),
        (Json, "json"), (File, "file"), (str, "string"), (int, "integer"), (float, "float"), (bool, "boolean"),
        (list, "array"), (list[str], "array"), (Sequence[str], "array"), (dict, "dict"), (dict[str, int], "dict"),
        (Mapping[str, int], "dict"),
        (tuple, "tuple"), (tuple[int, int], "tuple"), (Any, "any"),
    ],
)  # fmt: skip
def test_every_kind_of_port(annotation: Any, kind: str) -> None:
    assert accepts(annotation) == Port(name="x", kind=kind)  # type: ignore[arg-type]
    assert accepts(Annotated[annotation, "an x"]) == Port(name="x", kind=kind, description="an x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("annotation", "default", "fields"),
    [
        (list[Image], (), {"kind": "image", "many": True}),
        (Sequence[Text], (), {"kind": "text", "many": True}),
        (tuple[Audio, ...], (), {"kind": "audio", "many": True}),
        (Image | None, (None,), {"kind": "image", "required": False}),
        (list[Image] | None, (None,), {"kind": "image", "many": True, "required": False}),
        (str | None, (), {"kind": "string", "required": False}),
        (int, (3,), {"kind": "integer", "required": False, "default": 3}),
        (Literal["a", "b"], (), {"kind": "string", "enum": ("a", "b")}),
        (Literal[1, 2], (2,), {"kind": "integer", "enum": (1, 2), "required": False, "default": 2}),
        (Literal["a"] | None, (None,), {"kind": "string", "enum": ("a",), "required": False}),
        (Annotated[Text | None, "maybe"], (None,), {"kind": "text", "required": False, "description": "maybe"}),
    ],
)
def test_ports_with_more_to_them(annotation: Any, default: tuple[Any, ...], fields: dict[str, Any]) -> None:
    assert accepts(annotation, *default) == Port(name="x", **fields)


def no_return(text: str):  # type: ignore[no-untyped-def]
    return text


def returns_none(text: str) -> None: ...


def returns_outcome(text: str) -> Outcome: ...  # type: ignore[empty-body]


def wrong_kind(picture: Pillow.Image) -> str: ...  # type: ignore[empty-body]


def two_kinds(x: int | str) -> str: ...  # type: ignore[empty-body]


def starred(*texts: str) -> str: ...  # type: ignore[empty-body]


def open_ended(text: str, **options: Any) -> str: ...  # type: ignore[empty-body]


def unreadable(text: Nowhere) -> str: ...  # type: ignore[empty-body,name-defined]  # noqa: F821


def fine(text: str) -> str: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("function", "declared", "message"),
    [
        (no_return, {}, "declares no return annotation; wanted is a return annotation, e.g. -> Labels"),
        (returns_none, {}, "declares no return annotation"),
        (returns_outcome, {}, "declares -> Outcome; wanted is the kind inside"),
        (wrong_kind, {}, "declares picture: <class 'PIL.Image.Image'>; wanted is one of Text, Image, Audio"),
        (two_kinds, {}, "declares x: int | str; wanted is one of"),
        (starred, {}, "declares *texts: 'str'; wanted is named parameters"),
        (open_ended, {}, "declares **options: 'Any'; wanted is named parameters"),
        (unreadable, {}, "an annotation that cannot be read (name 'Nowhere' is not defined)"),
        (fine, {"colour": "red"}, "declares colour = 'red'; wanted is Extra inputs are not permitted"),
        (fine, {"effects": "magic"}, "declares effects = 'magic'; wanted is Input should be 'none'"),
        (fine, {"name": "two words"}, "declares name = 'two words'; wanted is String should match pattern"),
        (lambda text: text, {}, "declares no return annotation"),
    ],
)
def test_what_cannot_be_an_expert_says_why(function: Any, declared: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidExpert) as caught:
        expert(**declared)(function)
    assert message in caught.value.message
    assert caught.value.remedy == "Correct the declaration; docs/writing-an-expert.md shows a whole one."


@pytest.mark.parametrize(
    ("cls_name", "name"),
    [("KeyPhrases", "key_phrases"), ("OCRReader", "ocr_reader"), ("Summary", "summary"), ("Mp3ToText", "mp3_to_text")],
)
def test_a_class_is_named_in_snake_case(cls_name: str, name: str) -> None:
    def call(self: Any, text: str) -> str:
        return text

    assert expert()(type(cls_name, (), {"__call__": call})).card.name == name


# -- what is returned --------------------------------------------------------------------------------------------------

PICTURE = Pillow.new("RGB", (2, 2), "red")
SAMPLES = np.zeros(100, dtype=np.float32)
FRAME = pd.DataFrame({"a": [1, 2]})


def one_port(kind: Any, **fields: Any) -> ExpertCard:
    return ExpertCard(name="e", outputs=(Port(name="out", kind=kind, **fields),))


@pytest.mark.parametrize(
    ("kind", "returned", "artifact", "confidence"),
    [
        ("text", "hi", Text("hi"), None),
        ("text", Text("hi"), Text("hi"), None),
        ("labels", {"b": 0.25, "a": 0.75}, Labels({"a": 0.75, "b": 0.25}), 0.75),
        ("labels", Labels({"a": 0.5}), Labels({"a": 0.5}), 0.5),
        ("image", PICTURE, Image.of(PICTURE), None),
        ("audio", (SAMPLES, 8000), Audio.of(SAMPLES, 8000), None),
        ("table", FRAME, Table.of(FRAME), None),
        ("json", {"a": [1]}, Json({"a": [1]}), None),
        ("json", {"mean": np.float32(0.5)}, Json({"mean": 0.5}), None),
        ("string", "x", Json("x"), None),
        ("integer", 3, Json(3), None),
        ("float", np.float64(0.5), Json(0.5), None),
        ("array", ("a", "b"), Json(["a", "b"]), None),
        ("any", {"k": 1}, Json({"k": 1}), None),
        ("any", Text("t"), Text("t"), None),
        ("file", Image.of(PICTURE), Image.of(PICTURE), None),
        ("text", Outcome("hi", 0.125), Text("hi"), 0.125),
        ("labels", Outcome({"a": 0.5}, 0.25), Labels({"a": 0.5}), 0.25),
    ],
)
def test_what_is_returned_becomes_an_artifact(kind: str, returned: Any, artifact: Artifact, confidence: Any) -> None:
    prediction = as_prediction(one_port(kind), returned)
    assert prediction == Prediction({"out": artifact}, confidence)
    given = prediction.outputs["out"]
    assert isinstance(given, Artifact)
    assert (type(given), given.value) == (type(artifact), artifact.value)


def test_lists_become_many_artifacts() -> None:
    card = one_port("text", many=True)
    expected = Prediction({"out": (Text("a"), Text("b"))}, None)
    assert as_prediction(card, ["a", Text("b")]) == expected
    assert as_prediction(card, (t for t in "ab")) == expected
    assert as_prediction(card, []) == Prediction({"out": ()}, None)


def test_several_ports_come_by_name() -> None:
    card = MeterReader.card
    outputs = {"text": Text("4"), "labels": Labels({"a": 0.5})}
    assert as_prediction(card, Reading(Text("4"), Labels({"a": 0.5}))) == Prediction(outputs, 0.5)
    assert as_prediction(card, {"text": "4", "labels": {"a": 0.5}, "more": 1}) == Prediction(outputs, 0.5)
    whole = as_prediction(card, Outcome({"text": "4", "labels": {"a": 0.5}, "picture": PICTURE}, 0.1))
    assert whole == Prediction({**outputs, "picture": Image.of(PICTURE)}, 0.1)
    done = Prediction({"text": Text("x")}, 0.3)
    assert as_prediction(card, done) is done


@pytest.mark.parametrize(
    ("card", "returned", "message"),
    [
        (one_port("text"), 3, "declares out = int; wanted is kind text"),
        (one_port("text"), None, "declares no value for output 'out'; wanted is a value of kind text"),
        (one_port("labels"), ["a"], "declares out = list; wanted is kind labels"),
        (one_port("labels"), {"a": "high"}, "declares out = dict; wanted is kind labels"),
        (one_port("image"), "a.png", "declares out = str; wanted is kind image"),
        (one_port("audio"), SAMPLES, "declares out = ndarray; wanted is kind audio"),
        (one_port("table"), [[1]], "declares out = list; wanted is kind table"),
        (one_port("image"), Text("x"), "declares out = Text; wanted is kind image"),
        (one_port("json"), Text("x"), "declares out = Text; wanted is kind json"),
        (one_port("text", many=True), "ab", "declares out = str; wanted is a list of kind text"),
        (one_port("text", many=True), 3, "declares out = int; wanted is a list of kind text"),
        (one_port("text", many=True), ["a", 3], "declares out = int; wanted is kind text"),
        (MeterReader.card, "42", "declares a str; wanted is a named tuple or a dict of text, labels, picture"),
        (MeterReader.card, {"text": "42"}, "declares no value for output 'labels'"),
    ],
)
def test_what_fits_no_port_is_refused(card: ExpertCard, returned: Any, message: str) -> None:
    with pytest.raises(InvalidExpert) as caught:
        as_prediction(card, returned)
    assert message in caught.value.message


# -- calling -----------------------------------------------------------------------------------------------------------


def test_a_function_runs_input_by_input() -> None:
    assert plain("ab") == "abab"
    assert plain.predict([]) == []
    assert plain.predict([{"text": "a"}, {"text": "b"}]) == [
        Prediction({"result": Json("aa")}),
        Prediction({"result": Json("bb")}),
    ]
    plain.load("cpu")
    plain.unload()


def test_a_class_is_loaded_by_the_engine_and_unloaded() -> None:
    @expert()
    class Once(type(MeterReader._instance)):  # type: ignore[misc]
        """Reads a meter."""

    once: SingleExpert = Once
    once.load("cuda:0")
    picture = Image.of(PICTURE)
    assert once.predict([{"image": picture}, {"image": picture, "unit": "m3"}]) == [
        Prediction({"text": Text("42 kWh"), "labels": Labels({"sharp": 0.75, "blurred": 0.25})}, 0.75),
        Prediction({"text": Text("42 m3"), "labels": Labels({"sharp": 0.75, "blurred": 0.25})}, 0.75),
    ]
    once.unload()
    assert once._instance.calls == ["load cuda:0", "call", "call", "unload"]


def test_a_class_called_directly_loads_itself_once() -> None:
    @expert()
    class Direct(type(MeterReader._instance)):  # type: ignore[misc]
        """Reads a meter."""

    picture = Image.of(PICTURE)
    assert Direct(picture, unit="m3").text.text == "42 m3"
    assert Direct(picture).text.text == "42 kWh"
    assert Direct._instance.calls == ["load cpu", "call", "call"]


def test_a_class_may_run_a_whole_batch() -> None:
    assert Batched.predict([{"text": Text("a")}, {"text": Text("b")}]) == [
        Prediction({"result": Json(2)}, 0.5),
        Prediction({"result": Json(3)}, 0.5),
    ]
    assert Batched.predict([]) == []
