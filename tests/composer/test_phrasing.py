"""Results said in sentences by the templates of their cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.artifact import Artifact, Audio, Image, Json, Labels, Table, Text
from orchestrator.composer.phrasing import percentage, statements
from orchestrator.types import ExpertCard, Language, OutputValue, Port, StepResult

PHOTO = Image.from_bytes(b"1", name="weld.png")
OTHER = Image.from_bytes(b"2", name="seam.png")


def said(
    templates: Mapping[str, tuple[str, ...]],
    outputs: Mapping[str, OutputValue],
    *inputs: Mapping[str, Any],
    language: Language = "en",
) -> list[str]:
    ports = tuple(Port(name=name, kind=_kind(output)) for name, output in outputs.items())
    card = ExpertCard(name="weld_check", title="weld check", says=dict(templates), outputs=ports)  # type: ignore[arg-type]
    result = StepResult(step="s1", expert="weld_check", status="done", outputs=dict(outputs))
    return statements(card, result, inputs, language)


def _kind(output: OutputValue) -> Any:
    return output.kind if isinstance(output, Artifact) else "any"


@pytest.mark.parametrize(
    ("template", "outputs", "sentence"),
    [
        ("It reads “{text}”.", {"text": Text("EXIT")}, "It reads “EXIT”."),
        ("The mood is {top} ({confidence}).", {"labels": Labels({"glad": 0.9, "sad": 0.1})}, "The mood is glad (90%)."),
        ("Labels: {labels}.", {"labels": Labels({"a": 0.5, "b": 0.3, "c": 0.2})}, "Labels: a, b and c."),
        ("It is {width_px} px wide.", {"json": Json({"width_px": 640})}, "It is 640 px wide."),
        ("It lasts {s:.1f} s.", {"json": Json({"s": 2.345})}, "It lasts 2.3 s."),
        ("It lasts {s} s.", {"json": Json({"s": 2.345678})}, "It lasts 2.346 s."),
        ("{n} rows.", {"json": Json({"n": 1234567.0})}, "1,234,567 rows."),
        ("{n} rows.", {"json": Json({"n": 0})}, "0 rows."),
        ("Blurred: {b}.", {"json": Json({"b": False})}, "Blurred: no."),
        ("It names {who}.", {"json": Json({"who": ["Ada", "Alan", "Grace"]})}, "It names Ada, Alan and Grace."),
        ("It names {who}.", {"json": Json({"who": ["Ada"]})}, "It names Ada."),
        ("The camera is {exif.make}.", {"json": Json({"exif": {"make": "Leica"}})}, "The camera is Leica."),
        ("By month: {m}.", {"json": Json({"m": {"jan": 1, "feb_late": 2}})}, "By month: jan 1, feb late 2."),
        ("The value is {result}.", {"result": Json(7)}, "The value is 7."),
        ("They say {texts}.", {"texts": (Text("a"), Text("b"))}, "They say a and b."),
        ("Lines: {text}", {"text": Text("one\n two \nthree")}, "Lines: one / two / three"),
        ("{text}", {"text": Text("one\ntwo")}, "one\ntwo"),
    ],
)
def test_a_template_is_filled(template: str, outputs: dict[str, OutputValue], sentence: str) -> None:
    assert said({"en": (template,)}, outputs) == [sentence]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("The camera is {make}.", {"width_px": 640}),
        ("The camera is {make}.", {"make": None}),
        ("The camera is {make}.", {"make": ""}),
        ("Names: {who}.", {"who": []}),
        ("Months: {m}.", {"m": {}}),
        ("The camera is {exif.make}.", {"exif": {"model": "x"}}),
        ("The camera is {exif.make}.", {"exif": 3}),
        ("It lasts {s:.1f} s.", {"s": "long"}),
        ("It lasts {s s.", {"s": 1}),
        ("It lasts {} s.", {"s": 1}),
        ("It is {s[0]}.", {"s": [1]}),
        ("", {"s": 1}),
    ],
)
def test_a_sentence_without_its_value_is_left_out_and_the_others_stay(template: str, value: dict[str, Any]) -> None:
    assert said({"en": ("Always said.", template)}, {"json": Json(value)}) == ["Always said."]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [("en", ["It says a, b and c."]), ("zh", ["上面写着a、b和c。"])],
)
def test_each_language_has_its_own_sentences_and_lists(language: Language, sentences: list[str]) -> None:
    templates = {"en": ("It says {x}.",), "zh": ("上面写着{x}。",)}
    assert said(templates, {"json": Json({"x": ["a", "b", "c"]})}, language=language) == sentences


def test_chinese_falls_back_to_english_sentences() -> None:
    assert said({"en": ("It says {text}.",)}, {"text": Text("出口")}, language="zh") == ["It says 出口."]


def test_inputs_can_be_named() -> None:
    inputs = {"image": PHOTO, "unit": "kWh", "labels": ["a", "b"], "extra": [PHOTO]}
    template = "{file} shows {text} {unit} among {labels}."
    assert said({"en": (template,)}, {"text": Text("42")}, inputs) == ["weld.png shows 42 kWh among a and b."]
    unnamed = {"image": Image.from_bytes(b"1")}
    assert said({"en": ("{file} shows {text}.", "It shows {text}.")}, {"text": Text("42")}, unnamed) == ["It shows 42."]


def test_each_of_several_files_gets_its_sentences() -> None:
    outputs = {"labels": (Labels({"crack": 0.8, "none": 0.2}), Labels({"none": 1.0}))}
    inputs = ({"image": PHOTO}, {"image": OTHER})
    assert said({"en": ("{file} shows {top}.",)}, outputs, *inputs) == ["weld.png shows crack.", "seam.png shows none."]
    assert said({"en": ("It shows {top}.", "Sure: {confidence}.")}, outputs, *inputs) == [
        "weld.png: It shows crack.",
        "Sure: 80%.",
        "seam.png: It shows none.",
        "Sure: 100%.",
    ]


@pytest.mark.parametrize(
    ("outputs", "english", "chinese"),
    [
        ({"text": Text("EXIT")}, "EXIT", "EXIT"),
        (
            {"labels": Labels({"crack": 0.8, "none": 0.2})},
            "weld check sees weld.png as “crack” (80%).",
            "weld check将weld.png判定为“crack”（80%）。",
        ),
        ({"json": Json({"a": 1, "b": 2})}, "weld check found a 1, b 2.", "weld check的结果：a 1、b 2。"),
        ({"image": OTHER}, "The picture that weld check made is attached.", "附上weld check生成的图片。"),
        (
            {"audio": Audio.from_bytes(b"x")},
            "The recording that weld check made is attached.",
            "附上weld check生成的录音。",
        ),
        (
            {"table": Table.from_bytes(b"x")},
            "The table that weld check made is attached.",
            "附上weld check生成的表格。",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_card_without_sentences_lets_its_kinds_speak(
    outputs: dict[str, OutputValue], english: str, chinese: str
) -> None:
    assert said({}, outputs, {"image": PHOTO}) == [english]
    assert said({}, outputs, {"image": PHOTO}, language="zh") == [chinese]


def test_labels_without_a_file_are_said_without_it() -> None:
    assert said({}, {"labels": Labels({"glad": 1.0})}, {"text": Text("hooray")}) == ["weld check says “glad” (100%)."]


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (0.5, "50%"), (0.984, "98%"), (0.9951, "99.5%"), (0.9999, "99.9%"), (1.0, "100%")]
)
def test_only_certainty_is_called_a_hundred_percent(share: float, text: str) -> None:
    assert percentage(share) == text


def test_empty_lists_and_missing_values_of_a_plain_result_are_told_or_left_out() -> None:
    outputs = {"json": Json({"cracks": [], "weld": None, "note": "", "seams": 2})}
    assert said({}, outputs) == ["weld check found cracks nothing, seams 2."]
    assert said({}, outputs, language="zh") == ["weld check的结果：cracks 无、seams 2。"]


@pytest.mark.parametrize(("value", "sentence"), [("31 Dec.", "It is 31 Dec."), ("so on...", "It is so on....")])
def test_a_value_that_ends_with_a_full_stop(value: str, sentence: str) -> None:
    assert said({"en": ("It is {day}.",)}, {"json": Json({"day": value})}) == [sentence]
