"""Accepted values as places in a request; every span must read as an accepted value."""

from __future__ import annotations

import pytest

from orchestrator.controller.planner.values import values_of
from orchestrator.controller.training.targets import Filled, filled_by, place_of
from orchestrator.types import Port


def port(name: str, kind: str = "string", description: str = "", **fields: object) -> Port:
    return Port(name=name, kind=kind, description=description, **fields)


def said(request: str, filled: Filled) -> list[str]:
    return [request[start:end] for start, end in filled.spans]


@pytest.mark.parametrize(
    ("request_text", "port_", "accepted", "spans"),
    [
        ("Paint a wall of 4 by 3 metres", port("height", "integer"), [3], ["3"]),
        ("Walk 5 km at noon", port("distance_m", "integer"), [5000], ["5 km"]),
        ("A bank that pays 3% a year", port("rate", "float"), [0.03], ["3%"]),
        ("It earned $1.2M in all", port("income", "integer"), [1_200_000], ["1.2M"]),
        ("a sauna for two hours", port("time", "integer", "in minutes"), [120], ["two hours"]),
        ("Fly to Rome on May 3rd, 2024!", port("day", "string", "YYYY-MM-DD"), ["2024-05-03"], ["May 3rd, 2024"]),
        ("derive 3x^2 - 2 for me", port("function"), ["3x**2 - 2"], ["3x^2 - 2"]),
        ("the mean of [4, 5, 6] please", port("numbers", "array"), [[4, 5, 6]], ["4, 5, 6"]),
        ("the grid [[1, 0], [0, 1]]", port("grid", "array"), [[[1, 0], [0, 1]]], ["[[1, 0], [0, 1]]"]),
        ("buy rice, tea and salt", port("items", "array"), [["rice", "tea", "salt"]], ["rice", "tea", "salt"]),
        ("Ann - 3, Bob - 4 are the scores", port("scores", "dict"), [{"Ann": [3], "Bob": [4]}], ["Ann - 3, Bob - 4"]),
        ("换三百美元的日元", port("currency", "string", "currency to buy"), ["JPY"], ["日元"]),
        ("画一面长四米宽三米的墙", port("width", "integer", "宽度"), [3], ["三"]),
        ("what is nowhere here", port("city"), ["Oslo"], []),
    ],
)
def test_the_smallest_span_that_reads_as_the_value(request_text, port_, accepted, spans):
    filled = filled_by(request_text, port_, accepted)
    assert said(request_text, filled) == spans
    assert filled.is_known == bool(spans)
    if spans and port_.kind != "dict":
        assert values_of(spans, port_, request=request_text) in accepted or "**" in accepted[0]


def test_of_several_places_the_one_near_the_words_of_the_port():
    request = "Draw 6 cards with a width of 6 and a height of 6"
    assert filled_by(request, port("width", "integer"), [6]).spans == ((29, 30),)
    assert filled_by(request, port("height", "integer"), [6]).spans == ((47, 48),)
    assert filled_by("高度是6，宽度是6", port("width", "integer", "宽度"), [6]).spans == ((8, 9),)


def test_two_ports_of_a_call_do_not_share_a_place():
    request = "Add 7 and 7"
    first = filled_by(request, port("x", "integer"), [7]).spans
    assert first == ((4, 5),)
    assert filled_by(request, port("y", "integer"), [7], taken=first).spans == ((10, 11),)


def test_a_later_call_looks_behind_the_earlier():
    request = "Circles of radius 5 and radius 5"
    assert filled_by(request, port("radius", "integer"), [5], begin=19).spans == ((31, 32),)
    assert filled_by(request, port("radius", "integer"), [5], begin=32).spans == ((18, 19),)


@pytest.mark.parametrize(
    ("port_", "accepted", "filled"),
    [
        (port("limit", "integer"), None, Filled(is_omitted=True)),
        (port("limit", "integer"), ["", 2], Filled(is_omitted=True)),
        (port("seats", "integer"), ["", 2], Filled(spans=((5, 6),))),
        (port("city"), ["", "Oslo"], Filled(spans=((16, 20),))),
        (port("city"), ["", "Rome"], Filled(is_omitted=True)),
        (port("loud", "boolean"), [True], Filled(boolean=True)),
        (port("loud", "boolean"), ["", False], Filled(is_omitted=True)),
        (port("size", "string", enum=("large", "small")), ["", "small"], Filled(is_omitted=True)),
        (port("size", "string", enum=("large", "small")), ["small"], Filled(option="small")),
        (port("place", "string", enum=("seat", "bed")), ["", "seat"], Filled(option="seat")),
    ],
)
def test_what_may_be_left_out_is_unless_the_request_says_it(port_, accepted, filled):
    assert filled_by("Book 2 seats in Oslo", port_, accepted) == filled


def test_a_place_forgives_case_and_punctuation():
    assert place_of("a pet-friendly inn", "Pet_Friendly") == (2, 14)
    assert place_of("Tea, then tea", "tea", begin=3) == (10, 13)
    assert place_of("steam", "tea") is None
