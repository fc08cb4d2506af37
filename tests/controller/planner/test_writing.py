"""The grammar: what may stand where, as whole lists."""

from __future__ import annotations

import pytest

from orchestrator.controller.planner.symbols import NUM_SPECIAL, Layout, Special
from orchestrator.controller.planner.writing import (
    Scene,
    experts_allowed,
    lasts_allowed,
    options_of,
    steps_allowed,
    values_allowed,
)
from orchestrator.types import ExpertCard, Port

TEXT, IMAGE = Port(name="text", kind="text"), Port(name="image", kind="image")
READ = ExpertCard(name="read", inputs=(IMAGE,), outputs=(TEXT,))
PAINT = ExpertCard(
    name="paint", inputs=(TEXT, Port(name="style", kind="string", enum=("oil", "ink"))), outputs=(IMAGE,)
)
SCENE = Scene((READ, PAINT), ("image", "audio"), ("oil", "ink"), num_tokens=3, max_steps=4)
AT = SCENE.layout


def test_layout():
    assert Layout(2, 4, 2, 2, 3) == AT
    assert (AT.attachments, AT.steps, AT.options, AT.cards, AT.tokens, AT.size) == (7, 9, 13, 15, 17, 20)
    assert AT.attachments == NUM_SPECIAL


def test_options_stand_once_in_order():
    assert options_of([PAINT, READ, PAINT]) == ("oil", "ink")


def test_a_plan_begins_with_a_card_or_declines_and_ends_at_its_longest():
    assert experts_allowed(SCENE, 0) == [Special.DECLINE, 15, 16]
    assert experts_allowed(SCENE, 1) == [Special.END, 15, 16]
    assert experts_allowed(SCENE, 4) == [Special.END]


@pytest.mark.parametrize(
    ("port", "written", "allowed"),
    [
        (IMAGE, [], [Special.MISSING, 7, 17, 18, 19]),
        (IMAGE, [0], [Special.MISSING, 7, 17, 18, 19]),
        (IMAGE, [0, 1], [Special.MISSING, 7, 10, 17, 18, 19]),
        (TEXT, [0], [Special.MISSING, 9, 17, 18, 19]),
        (PAINT.inputs[1], [], [Special.MISSING, 13, 14]),
        (Port(name="loud", kind="boolean", required=False), [], [Special.OMIT, Special.TRUE, Special.FALSE]),
        (Port(name="n", kind="integer", required=False), [], [Special.OMIT, 17, 18, 19]),
    ],
)
def test_what_may_fill_a_port(port, written, allowed):
    assert values_allowed(SCENE, port, written) == allowed


def test_impossible_links_cannot_be_written():
    audio = Port(name="audio", kind="audio")
    assert values_allowed(SCENE, audio, [0, 1]) == [Special.MISSING, 8, 17, 18, 19]


def test_several_outputs_go_into_one_port_each_once():
    assert steps_allowed(SCENE, TEXT, [0, 1, 0], [0]) == [Special.OMIT, 11]
    assert steps_allowed(SCENE, TEXT, [0, 1], [0]) == []


def test_a_span_ends_where_it_begins_or_behind():
    assert lasts_allowed(SCENE, 18) == [18, 19]
