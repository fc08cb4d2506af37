"""Cues: which place in a request a port's own words and prepositions point at."""

from __future__ import annotations

import pytest

from orchestrator.controller.planner.cues import cue, cues_of
from orchestrator.types import Port

SCALE = "Play a scale with tempo 80 BPM and duration 4 beats."
ROUTE = "Find the fastest route from San Francisco to Los Angeles."
CHINESE = "从上海到北京的火车票"


def places(text, *words):
    return [(text.index(word), text.index(word) + len(word)) for word in words]


@pytest.mark.parametrize(("name", "nearest"), [("tempo", "80"), ("duration", "4")])
def test_a_number_beside_the_ports_name_is_its_own(name, nearest):
    port = Port(name=name, kind="integer")
    scores = dict(zip(("80", "4"), cues_of(SCALE, port, places(SCALE, "80", "4")), strict=True))
    assert max(scores, key=scores.__getitem__) == nearest


@pytest.mark.parametrize(
    ("text", "name", "led"),
    [
        (ROUTE, "start_location", [1.0, 0.0]),
        (ROUTE, "end_location", [0.0, 1.0]),
        (ROUTE, "fromCity", [1.0, 0.0]),
        (ROUTE, "city", [0.0, 0.0]),
        (ROUTE, "tourist", [0.0, 0.0]),  # holds "to", and is no direction
    ],
)
def test_a_preposition_leads_to_what_the_port_asks_for(text, name, led):
    port = Port(name=name, kind="string")
    assert [way for *_, way in cues_of(text, port, places(text, "San", "Los"))] == led


def test_the_ports_own_word_is_no_cue_for_itself():
    port = Port(name="tempo", kind="string")
    (near, is_own, _), (far, is_value, _) = cues_of(SCALE, port, places(SCALE, "tempo", "80"))
    assert (near, is_own, is_value) == (0.0, 1.0, 0.0)
    assert far > 0.9


def test_prepositions_are_found_in_chinese():
    port = Port(name="destination", kind="string")
    assert [way for *_, way in cues_of(CHINESE, port, places(CHINESE, "上海", "北京"))] == [0.0, 1.0]


def test_words_of_the_description_count_less_than_the_name_and_far_ones_less_than_near():
    near, far = places(SCALE, "80", "4")
    named, described = Port(name="tempo", kind="integer"), Port(name="speed", kind="integer", description="the tempo")
    assert cue(SCALE, named, near) > cue(SCALE, described, near) > cue(SCALE, described, far) > 0
    assert cue(SCALE, Port(name="colour", kind="string"), near) == 0.0
