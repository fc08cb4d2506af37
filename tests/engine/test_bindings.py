"""From references to values: what fits what, how values become what a port wants, and what is refused."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from orchestrator.artifact import Artifact, Audio, File, Image, Json, Labels, Table, Text
from orchestrator.engine.bindings import batch_of, is_compatible
from orchestrator.errors import BadRequest
from orchestrator.types import (
    ArtifactKind,
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Port,
    Request,
    Span,
    Step,
    StepResult,
)

ARTIFACT_KINDS = get_args(ArtifactKind)
VALUE_KINDS = ("string", "integer", "float", "boolean", "array", "dict", "tuple")
CONVERSIONS = {
    ("text", "string"),
    ("string", "text"),
    ("integer", "float"),
    ("labels", "string"),
    ("labels", "text"),
}

PHOTO = Image.from_bytes(b"one", name="one.png")
OTHER = Image.from_bytes(b"two", name="two.png")
SOUND = Audio.from_bytes(b"la", name="la.wav")
SHEET = Table.from_bytes(b"a\n1\n", name="a.csv")
NOTE = Text("note", name="note.txt")
FILE = File.from_bytes(b"zip", name="all.zip")


@pytest.mark.parametrize("source", [*ARTIFACT_KINDS, *VALUE_KINDS, "any"])
@pytest.mark.parametrize("target", [*ARTIFACT_KINDS, *VALUE_KINDS, "any"])
def test_is_compatible(source: Any, target: Any) -> None:
    expected = (
        source == target
        or "any" in (source, target)
        or (target == "file" and source in ARTIFACT_KINDS)
        or (source, target) in CONVERSIONS
    )
    assert is_compatible(source, target) is expected


def card(*ports: Port) -> ExpertCard:
    return ExpertCard(name="e", inputs=ports, outputs=(Port(name="text", kind="text"),))


def bound(port: Port, binding: Binding, *artifacts: Artifact, text: str = "", **outputs: Any) -> Any:
    """The value that a single port receives; `outputs` are those of a step called "before"."""
    step = Step(id="s", expert="e", inputs={port.name: binding})
    before = StepResult(step="before", expert="x", status="done", outputs=outputs)
    (inputs,) = batch_of(step, card(port), Request(text=text, artifacts=artifacts), {"before": before})
    assert set(inputs) <= {port.name}
    return inputs.get(port.name, "left out")


def port(kind: Any, **fields: Any) -> Port:
    return Port(name="x", kind=kind, **fields)


@pytest.mark.parametrize(
    ("kind", "value", "received"),
    [
        ("string", "hi", "hi"),
        ("string", 3, "3"),
        ("integer", 3, 3),
        ("integer", "3", 3),
        ("integer", 3.0, 3),
        ("float", 3, 3.0),
        ("float", "2.5", 2.5),
        ("boolean", True, True),
        ("boolean", "no", False),
        ("boolean", "True", True),
        ("array", ["a", "b"], ["a", "b"]),
        ("array", ("a", "b"), ["a", "b"]),
        ("array", "alone", ["alone"]),
        ("dict", {"a": 1}, {"a": 1}),
        ("tuple", [1, 2], (1, 2)),
        ("any", [1], [1]),
        ("any", None, None),
        ("text", "hi", Text("hi")),
        ("json", {"a": [1]}, Json({"a": [1]})),
    ],
)
def test_a_literal_becomes_what_the_port_wants(kind: str, value: Any, received: Any) -> None:
    got = bound(port(kind), Literally(value=value))
    assert (got, type(got)) == (received, type(received))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "many"),
        ("integer", 3.7),
        ("integer", float("inf")),
        ("float", "two"),
        ("boolean", "perhaps"),
        ("dict", [1]),
        ("tuple", 1),
        ("array", None),
        ("string", None),
        ("image", "photo.png"),
        ("labels", {"a": 1}),
    ],
)
def test_a_literal_that_does_not_fit_is_refused_by_port(kind: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=rf"^x is .*must be a value of kind {kind}"):
        bound(port(kind), Literally(value=value))


@pytest.mark.parametrize("kind", ["string", "integer", "float", "boolean", "array", "dict"])
@pytest.mark.parametrize("artifact", [PHOTO, SOUND, SHEET, FILE], ids=lambda artifact: artifact.kind)
def test_a_picture_is_no_value(kind: str, artifact: Artifact) -> None:
    with pytest.raises(BadRequest, match=f"x is '{artifact.name}'"):
        bound(port(kind), Attachment(index=0), artifact)


@pytest.mark.parametrize(
    ("kind", "artifact", "received"),
    [
        ("image", PHOTO, PHOTO),
        ("file", PHOTO, PHOTO),
        ("file", NOTE, NOTE),
        ("text", NOTE, NOTE),
        ("text", Labels({"pore": 0.2, "crack": 0.8}), Text("crack")),
        ("text", Json("a sentence"), Text("a sentence")),
        ("string", NOTE, "note"),
        ("string", Labels({"pore": 0.2, "crack": 0.8}), "crack"),
        ("string", Json("a"), "a"),
        ("integer", Json(7), 7),
        ("array", Json(["a", "b"]), ["a", "b"]),
        ("any", Json({"a": 1}), {"a": 1}),
    ],
)
def test_an_artifact_becomes_what_the_port_wants(kind: str, artifact: Artifact, received: Any) -> None:
    for got in (
        bound(port(kind), Attachment(index=0), artifact),
        bound(port(kind), Output(step="before", port="out"), out=artifact),
    ):
        assert (got, type(got)) == (received, type(received))


@pytest.mark.parametrize(
    ("kind", "artifact"),
    [("image", SOUND), ("audio", PHOTO), ("table", NOTE), ("text", PHOTO), ("text", FILE), ("text", Json([1]))],
)
def test_an_artifact_of_another_kind_is_refused(kind: str, artifact: Artifact) -> None:
    with pytest.raises(BadRequest, match=f"must be a value of kind {kind}"):
        bound(port(kind), Attachment(index=0), artifact)


def test_a_span_is_a_part_of_the_request() -> None:
    assert bound(port("text"), Span(start=3, end=7), text="把“你好世界”译成英文") == Text("好世界”")
    assert bound(port("string"), Span(start=2, end=6), text="把“你好世界”译成英文") == "你好世界"


def test_an_attachment_that_is_missing_is_asked_for() -> None:
    with pytest.raises(BadRequest, match="the number of files is 1, but must be at least 2"):
        bound(port("image"), Attachment(index=1), PHOTO)


def test_lists_become_one_text_or_stay_lists() -> None:
    both = Collection(items=(Attachment(index=0), Span(start=0, end=2), Output(step="before", port="parts")))
    parts = (Text("three"), Labels({"four": 1.0}))
    assert bound(port("text"), both, NOTE, text="两句", parts=parts) == Text("note\n\n两句\n\nthree\n\nfour")
    assert bound(port("string"), both, NOTE, text="两句", parts=parts) == "note\n\n两句\n\nthree\n\nfour"
    assert bound(port("array"), both, NOTE, text="两句", parts=(Text("three"),)) == ["note", "两句", "three"]
    pictures = Collection(items=(Attachment(index=0), Attachment(index=1)))
    assert bound(port("image", many=True), pictures, PHOTO, OTHER) == [PHOTO, OTHER]
    assert bound(port("image", many=True), Attachment(index=0), PHOTO) == [PHOTO]
    assert bound(port("image"), Output(step="before", port="one"), one=(PHOTO,)) == PHOTO
    with pytest.raises(BadRequest, match="a value of kind image"):
        bound(port("image"), pictures, PHOTO, OTHER)
    with pytest.raises(BadRequest, match=r"x is 'two\.png'"):
        bound(port("text"), Collection(items=(Attachment(index=0), Attachment(index=1))), NOTE, OTHER)


def test_an_enum_holds_its_values() -> None:
    options = port("string", enum=("short", "long"))
    assert bound(options, Literally(value="short")) == "short"
    with pytest.raises(BadRequest, match="x is 'medium', but must be one of short, long"):
        bound(options, Literally(value="medium"))
    assert bound(port("integer", enum=(1, 2)), Literally(value="2")) == 2


def test_what_is_optional_may_be_missing() -> None:
    optional = port("string", required=False, default="d")
    step = Step(id="s", expert="e")
    assert batch_of(step, card(optional), Request(text=""), {}) == [{}]
    assert bound(optional, Literally(value=None)) == "left out"
    assert bound(optional, Output(step="before", port="empty"), text="") == "left out"
    with pytest.raises(BadRequest, match="x is None, but must be a value of kind string for e"):
        batch_of(step, card(port("string")), Request(text=""), {})
    with pytest.raises(BadRequest, match="x is None, but must be a value of kind string for e"):
        bound(port("string"), Output(step="before", port="empty"))


EACH = card(port("image"), Port(name="mode", kind="string", required=False))


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        (Collection(items=(Attachment(index=0), Attachment(index=1))), [PHOTO, OTHER]),
        (Output(step="before", port="pages"), [OTHER, PHOTO]),
        (Collection(items=(Output(step="before", port="pages"), Attachment(index=0))), [OTHER, PHOTO, PHOTO]),
        (Attachment(index=1), [OTHER]),
        (Output(step="before", port="none"), []),
        (Output(step="before", port="absent"), []),
    ],
    ids=["collection", "list output", "both", "single", "empty list", "absent"],
)
def test_each_runs_over_every_item(binding: Binding, expected: list[Artifact]) -> None:
    step = Step(id="s", expert="e", inputs={"x": binding, "mode": Literally(value="fast")}, each="x")
    before = StepResult(step="before", expert="x", status="done", outputs={"pages": (OTHER, PHOTO), "none": ()})
    batch = batch_of(step, EACH, Request(text="", artifacts=(PHOTO, OTHER)), {"before": before})
    assert batch == [{"x": artifact, "mode": "fast"} for artifact in expected]
