"""Spans of a request as values."""

from __future__ import annotations

import pytest

from orchestrator.controller.planner.values import number_of, value_of
from orchestrator.types import Port


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("-3.25", -3.25),
        ("1,200,000", 1_200_000),
        ("$1,250.50", 1250.5),
        ("3 million", 3_000_000),
        ("5k", 5000),
        ("twenty five", 25),
        ("two hundred and six", 206),
        ("three thousand four hundred", 3400),
        ("half", 0.5),
        ("三百二十", 320),
        ("十五", 15),
        ("两万三千", 23000),
        ("3万", 30000),
        ("none", None),
        ("没有", None),
    ],
)
def test_numbers(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5.6", "integer", 6),
        ("20%", "float", 0.2),
        ("twenty percent", "float", 0.2),
        ("Paris,", "string", "Paris"),
        ("“good morning”", "string", "good morning"),
        ("soon", "integer", "soon"),
    ],
)
def test_values(text, kind, value):
    assert value_of(text, Port(name="p", kind=kind)) == value
