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
    words_in,
)
from orchestrator.types import ExpertCard, Port

TEXT, IMAGE = Port(name="text", kind="text"), Port(name="image", kind="image")
READ = ExpertCard(name="read", inputs=(IMAGE,), outputs=(TEXT,))
PAINT = ExpertCard(
    name="paint", inputs=(TEXT, Port(name="style", kind="string", enum=("oil", "ink"))), outputs=(IMAGE,)
)
WORDS = {"firsts": (0, 1, 2), "lasts": frozenset({0, 1, 2})}
SCENE = Scene((READ, PAINT), ("image", "audio"), ("oil", "ink"), num_tokens=3, max_steps=4, **WORDS)
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
        (IMAGE, [], [7]),
        (IMAGE, [0], [7]),
        (IMAGE, [0, 1], [7, 10]),
        (TEXT, [], [Special.MISSING, 17, 18, 19]),
        (TEXT, [0], [9, 17, 18, 19]),
        (PAINT.inputs[1], [], [Special.MISSING, 13, 14]),
        (Port(name="loud", kind="boolean", required=False), [], [Special.OMIT, Special.TRUE, Special.FALSE]),
        (Port(name="n", kind="integer", required=False), [], [Special.OMIT, 17, 18, 19]),
    ],
)
def test_what_may_fill_a_port(port, written, allowed):
    assert values_allowed(SCENE, port, written) == allowed


def test_impossible_links_cannot_be_written():
    audio = Port(name="audio", kind="audio")
    assert values_allowed(SCENE, audio, [0, 1]) == [8]


def test_several_outputs_go_into_one_port_each_once():
    assert steps_allowed(SCENE, TEXT, [0, 1, 0], [0]) == [Special.OMIT, 11]
    assert steps_allowed(SCENE, TEXT, [0, 1], [0]) == []


def test_a_span_ends_where_it_begins_or_behind():
    assert lasts_allowed(SCENE, 18) == [18, 19]


def test_a_span_holds_whole_words_and_numbers():
    text = "Pay 15km, unhappily 你好"
    offsets = ((0, 3), (4, 6), (6, 8), (8, 9), (10, 12), (12, 16), (16, 19), (20, 21), (21, 22))
    firsts, lasts = words_in(text, offsets)
    assert firsts == (0, 1, 2, 3, 4, 7, 8)
    assert lasts == {0, 1, 2, 3, 6, 7, 8}
    scene = Scene((PAINT,), (), (), len(offsets), 4, firsts, lasts)
    first = scene.layout.tokens
    assert lasts_allowed(scene, first + 4) == [first + 6, first + 7, first + 8]


def test_a_port_that_says_nothing_reads_the_step_before():
    silent = ExpertCard(name="polish", inputs=(Port(name="input", kind="text"),), outputs=(TEXT,))
    scene = Scene((READ, silent), ("image",), (), 3, 4, **WORDS)
    first = scene.layout
    assert values_allowed(scene, silent.inputs[0], [0, 1]) == [first.steps + 1]
    assert values_allowed(scene, silent.inputs[0], []) == [Special.MISSING, *range(first.tokens, first.size)]
    assert steps_allowed(scene, silent.inputs[0], [0, 1], [1]) == []


def marked(text, cards=(PAINT,), attachments=()):
    """A scene whose tokens are the words of a text, with its marks."""
    from orchestrator.controller.planner.marks import marks_of

    offsets, at = [], 0
    for word in text.split(" "):
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    firsts, lasts = words_in(text, offsets)
    return Scene(tuple(cards), attachments, (), len(offsets), 4, firsts, lasts, marks_of(text, offsets, firsts))


def test_a_number_is_filled_with_numbers_alone():
    scene = marked("borrow 12,000 euros over twenty months")
    first = scene.layout.tokens
    amount = Port(name="amount", kind="float")
    assert values_allowed(scene, amount, []) == [Special.MISSING, first + 1, first + 4]
    assert values_allowed(marked("how much is it"), amount, []) == [Special.MISSING]


def test_a_question_is_a_whole_clause():
    scene = marked("Transcribe the memo and tell me which shop sold most")
    first = scene.layout.tokens
    question = Port(name="question", kind="string")
    assert first + 1 not in values_allowed(scene, question, [])
    assert Special.MISSING not in values_allowed(scene, question, [])
    assert lasts_allowed(scene, values_allowed(scene, question, [])[0], question)[-1] == scene.layout.size - 1


def test_with_files_attached_no_expert_waits_for_another_kind():
    from orchestrator.controller.planner.writing import experts_possible, text_awaited

    scene = marked("what does it say", (READ, PAINT), ("audio",))
    assert experts_possible(scene, []) == [Special.DECLINE, scene.layout.cards + 1]
    assert experts_possible(marked("what does it say", (READ, PAINT)), []) == [Special.DECLINE, 7 + 4, 7 + 5]
    pictured = marked("what does it say", (READ, PAINT), ("image",))
    assert text_awaited(pictured, []) == [pictured.layout.cards + 1]
    assert text_awaited(pictured, [0]) == []
