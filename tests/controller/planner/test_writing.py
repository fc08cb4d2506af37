"""The grammar: what may stand where, as whole lists."""

from __future__ import annotations

import math
import re

import pytest

from orchestrator.controller.planner.marks import marks_of
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
    offsets, at = [], 0
    for word in text.split(" "):
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    firsts, lasts = words_in(text, offsets)
    return Scene(tuple(cards), attachments, (), len(offsets), 4, firsts, lasts, marks_of(text, offsets, firsts))


def pieces(text, cards=(PAINT,)):
    """A scene whose tokens are runs of letters, runs of digits and single signs, with its marks; and the tokens."""
    offsets = [match.span() for match in re.finditer(r"[A-Za-z]+|\d+|\S", text)]
    firsts, lasts = words_in(text, offsets)
    scene = Scene(tuple(cards), (), (), len(offsets), 4, firsts, lasts, marks_of(text, offsets, firsts))
    return scene, [text[start:end] for start, end in offsets]


def spans(text, port):
    """Every span of a text that may fill a port."""
    scene, words = pieces(text, (ExpertCard(name="one", inputs=(port,)),))
    at = scene.layout.tokens
    firsts = [symbol for symbol in values_allowed(scene, port, []) if symbol >= at]
    return [" ".join(words[a - at : b - at + 1]) for a in firsts for b in lasts_allowed(scene, a, port)]


LISTED = Port(name="points", kind="array")
NAMED, WHOLE, PART = Port(name="code", kind="string"), Port(name="n", kind="integer"), Port(name="p", kind="float")


@pytest.mark.parametrize(
    ("text", "port", "allowed"),
    [
        ("2022/AL2562", NAMED, ["2022 / AL 2562"]),
        ("C6H12O6 here", NAMED, ["C 6 H 12 O 6", "C 6 H 12 O 6 here", "here"]),
        ("01-01-1980", NAMED, ["01 - 01 - 1980"]),
        ("grams/mole", NAMED, ["grams", "grams /", "grams / mole", "/", "/ mole", "mole"]),
        ("gluten-free food", NAMED, ["gluten - free", "gluten - free food", "food"]),
        ("'The Thinker' by Rodin", NAMED, ["The Thinker", "Rodin"]),
        ("5kg at 0.5 of 100", WHOLE, ["5", "5 kg", "100"]),
        ("0.5 of 100", PART, ["0 . 5", "100"]),
        ("12,000 euros over 24", WHOLE, ["12 , 000", "12 , 000 euros", "12 , 000 euros over", "24"]),
        ("from [3, 2] to [[7, 5], 1]", LISTED, ["[ 3 , 2 ]", "[ [ 7 , 5 ] , 1 ]"]),
    ],
)
def test_values_are_whole_words_whole_quotes_and_whole_numbers(text, port, allowed):
    assert spans(text, port) == allowed


def test_a_list_in_brackets_is_the_whole_value():
    scene, _ = pieces("from [3, 2] to 5", (ExpertCard(name="one", inputs=(LISTED,)),))
    assert values_allowed(scene, LISTED, [], num_spans=1) == [Special.OMIT]


def test_a_quote_around_the_whole_request_marks_nothing():
    text = '"Find the rating of Heat, and then play it"'
    scene, words = pieces(text)
    assert scene.marks.quotes == ()
    assert [" ".join(words[a : b + 1]) for a, b in scene.marks.clauses] == ["Find the rating of Heat", "play it"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("When did the Treaty of Tordesillas end?", ["Treaty of Tordesillas"]),
        ("Find Virat Kohli on Windows 10.", ["Virat Kohli", "Windows 10"]),
        ("Play. Then ask John Doe, Ann Lee", ["John Doe", "Ann Lee"]),
        ("天气 in the U.S today", ["U . S"]),
        ("no names here", []),
    ],
)
def test_names_are_runs_of_words_with_a_capital(text, names):
    scene, words = pieces(text)
    assert [" ".join(words[a : b + 1]) for a, b in scene.marks.names] == names


def test_what_speaks_for_a_token_as_a_beginning_and_as_an_end():
    import torch

    from orchestrator.controller.planner.memory import card_vectors, cues_at, memory_of
    from orchestrator.controller.planner.parts import places_of

    text = "please ask John Doe for the very latest song by the old jazz band of Oslo"
    scene, words = pieces(text)
    near = torch.full((1 + len(places_of(scene.num_tokens)),), 0.1)
    # The whole, the first twelve tokens, the last twelve, and these again.
    near[:4] = torch.tensor([0.0, 0.2, 0.9, 0.9])
    port = Port(name="artist", kind="string")
    offsets = [match.span() for match in re.finditer(r"[A-Za-z]+", text)]
    width, nothing = 4, torch.zeros(0, 4)
    read = torch.ones(scene.num_tokens, width), torch.ones(width)
    cards = card_vectors(torch.ones(1, width), nothing, [0], are_known=False)
    memory = memory_of(scene, text, *read, cards, nothing, near[:, None])
    cues = cues_at(scene, text, offsets, port, memory, 0)[scene.layout.tokens :]
    assert cues[words.index("John"), 3:5].tolist() == [1.0, 0.0]
    assert cues[words.index("Doe"), 3:5].tolist() == [0.0, 1.0]
    assert [round(float(cues[i, 5]), 4) for i in (0, words.index("Oslo"))] == [-0.7, 0.0]
    ends = memory.ends[scene.layout.tokens :]
    assert [ends[words.index(word)].tolist() for word in ("John", "Doe", "song")] == [
        [0.0, 1.0],
        [1.0, 0.0],
        [0.0, 0.0],
    ]


def test_what_stands_near_the_other_values_of_a_call_and_behind_those_of_the_call_before():
    from orchestrator.controller.planner.memory import neighbourhood

    scene, words = pieces("two nights in Rome for Ann, then three nights in Oslo for Bob")
    tokens = scene.layout.tokens
    at = {word: tokens + words.index(word) for word in words}
    cues = neighbourhood(scene, [at["three"]], at["Rome"])
    assert cues[:tokens].abs().sum() == 0
    assert [cues[at[word], 6:].tolist() for word in ("Rome", "Oslo")] == [
        [1 - 5 / 16, 1.0, 0.0, 0.0, 1.0],
        [1 - 3 / 16, 0.0, 1 - 8 / 32, 0.0, 1.0],
    ]
    scene, words = pieces("book Rome for Ann and cancel Oslo for Bob")
    cues = neighbourhood(scene, [scene.layout.tokens + words.index("Bob")], -1)[scene.layout.tokens :]
    assert cues[:, 10].tolist() == [0.0] * 5 + [1.0] * 4  # "and" stands behind the first segment
    assert not neighbourhood(scene, [], -1).any()


def test_very_many_cards_are_compared_roughly_and_the_same_ones_are_nearest():
    import torch

    from orchestrator.controller.planner.memory import candidates, card_vectors, near_of

    torch.manual_seed(0)
    many, tokens = torch.nn.functional.normalize(torch.randn(400, 384), dim=-1), torch.randn(9, 384)
    mean = torch.nn.functional.normalize(tokens.mean(0), dim=-1)
    cards = card_vectors(many, torch.zeros(0, 384), [0] * 400, are_known=False)
    rough, exact = near_of(tokens, mean, cards), near_of(tokens, mean, cards.of(range(200)))
    assert torch.allclose(rough[:, :200], exact, atol=5e-3)
    assert rough[:, :200].argmax(1).tolist() == exact.argmax(1).tolist()
    assert len(candidates(rough, 24)) == 24


def test_a_number_is_filled_with_numbers_alone():
    scene = marked("borrow 12,000 euros over twenty months")
    first = scene.layout.tokens
    amount = Port(name="amount", kind="float")
    assert values_allowed(scene, amount, []) == [Special.MISSING, first + 1, first + 4]
    assert values_allowed(marked("how much is it"), amount, []) == [Special.MISSING]


def test_a_name_is_no_bare_number_and_begins_and_ends_with_no_function_word():
    text = "find the king of France in 1510?"
    scene, words = pieces(text)

    def begins(port):
        return [words[s - scene.layout.tokens] for s in values_allowed(scene, port, []) if s >= scene.layout.tokens]

    assert begins(Port(name="place", kind="string")) == ["find", "the", "king", "France"]
    assert begins(Port(name="place", kind="string", description="or its code")) == [
        "find",
        "the",
        "king",
        "France",
        "1510",
    ]
    king = scene.layout.tokens + words.index("king")
    ends = lasts_allowed(scene, king, Port(name="place", kind="string"))
    assert [words[s - scene.layout.tokens] for s in ends] == ["king", "France", "1510"]


def test_a_name_is_no_chinese_question_word():
    text = "3公里是多少英里"
    words = ["3", "公里", "是", "多少", "英里"]
    offsets, at = [], 0
    for word in words:
        offsets.append((at, at + len(word)))
        at += len(word)
    firsts, lasts = words_in(text, offsets)
    scene = Scene((PAINT,), (), (), len(words), 4, firsts, lasts, marks_of(text, offsets, firsts))
    unit = Port(name="unit", kind="string")
    begins = [words[s - scene.layout.tokens] for s in values_allowed(scene, unit, []) if s >= scene.layout.tokens]
    assert begins == ["3", "公里", "英里"]
    ends = lasts_allowed(scene, scene.layout.tokens + 1, unit)
    assert [words[s - scene.layout.tokens] for s in ends] == ["公里", "英里"]


def test_a_question_is_a_whole_clause():
    scene = marked("Transcribe the memo and tell me which shop sold most")
    first = scene.layout.tokens
    question = Port(name="question", kind="string")
    assert first + 1 not in values_allowed(scene, question, [])
    assert Special.MISSING not in values_allowed(scene, question, [])
    assert lasts_allowed(scene, values_allowed(scene, question, [])[0], question)[-1] == scene.layout.size - 1


def test_with_files_attached_no_expert_waits_for_another_kind():
    from orchestrator.controller.planner.writing import experts_possible, fits_of

    scene = marked("what does it say", (READ, PAINT), ("audio",))
    assert experts_possible(scene, [], fits_of(scene, [], ())) == [Special.DECLINE, scene.layout.cards + 1]
    bare = marked("what does it say", (READ, PAINT))
    assert experts_possible(bare, [], fits_of(bare, [], ())) == [Special.DECLINE, 7 + 4, 7 + 5]
    asked = ExpertCard(name="asked", inputs=(IMAGE, Port(name="question", kind="text")), outputs=(TEXT,))
    pictured = marked("what does it say", (READ, PAINT, asked), ("image",))  # what works on both need not wait
    assert [fit[3] for fit in fits_of(pictured, [], ())] == [False, True, False]
    assert [fit[3] for fit in fits_of(pictured, [0], (0,))] == [False, False, False]
    assert [fit[2] for fit in fits_of(pictured, [], ())] == [True, False, True]
    assert [fit[2] for fit in fits_of(pictured, [0], (0,))] == [False, False, False]


def test_no_expert_is_called_again_where_the_call_could_say_nothing_else():
    from orchestrator.controller.planner.writing import experts_possible, fits_of

    silent = ExpertCard(name="polish", inputs=(Port(name="input", kind="text"),), outputs=(TEXT,))
    scene = marked("read both and polish them", (READ, PAINT, silent), ("image", "image"))
    read, paint = scene.layout.cards, scene.layout.cards + 1
    after_one = experts_possible(scene, [0, 2], fits_of(scene, [0, 2], (0,)))
    assert after_one == [Special.END, read, paint]  # the second picture is left
    after_both = experts_possible(scene, [0, 1, 2], fits_of(scene, [0, 1, 2], (0, 1)))
    assert after_both == [Special.END, paint]  # its words may be others


def compared(scene, near, asked):
    """A memory of similarities alone."""
    import torch

    from orchestrator.controller.planner.memory import Memory, card_places

    nothing = torch.zeros(scene.layout.size, 0)
    return Memory(nothing, nothing, nothing, nothing, near, asked, card_places(scene, near))


def test_a_called_card_and_those_like_it_are_less_novel():
    import torch

    from orchestrator.controller.planner.memory import fits_at
    from orchestrator.controller.planner.writing import fits_of

    scene = marked("what does the sign in it say", (READ, PAINT), ("image",))
    # The whole, all seven tokens, the first six and the last six, with either card.
    near = torch.tensor([[0.5, 0.5], [0.5, 0.2], [0.9, 0.2], [0.3, 0.6]])
    memory = compared(scene, near, torch.tensor([[0.7, 0.3], [0.4, 0.6]]))
    first = fits_at(scene, memory, [], fits_of(scene, [], ()))
    assert first[:, [4, 5, 7, 8]].tolist() == [[0.0] * 4, [0.0] * 4]
    assert torch.allclose(first[:, 6], torch.tensor([3 / 7, 4 / 7]), atol=1e-3)  # the middles of those parts
    second = fits_at(scene, memory, [0], fits_of(scene, [0], ()))
    assert second[:, 4].tolist() == [1.0, 0.0]
    assert torch.allclose(second[:, 5], torch.tensor([0.0, 0.3]))
    assert torch.allclose(second[:, 7], torch.tensor([0.0, 0.3]))
    assert torch.allclose(second[:, 8], torch.tensor([0.0, 0.2]))  # the second segment
    third = fits_at(scene, memory, [1], fits_of(scene, [1], ()))
    assert third[:, 7].tolist() == [0.0, 0.0]  # nothing stands behind it


def test_progress_counts_what_is_left_of_the_request():
    import torch

    from orchestrator.controller.planner.memory import progress_at

    scene = marked("read the picture, then paint it", (READ, PAINT), ("image",))
    near = torch.tensor([[0.5, 0.5], [0.9, 0.2], [0.3, 0.6]])
    memory, length = compared(scene, near, torch.tensor([[0.8, 0.2], [0.3, 0.6]])), pytest.approx(math.log(7) / 5)
    assert progress_at(scene, memory, []).tolist() == [0.0, 0.5, length, 0.0, 1.0, 0.0, 0.5]
    after_one = [0.25, 0.25, length, pytest.approx(4 * 0.15), 0.5, pytest.approx(2 * 0.3), 0.25]
    assert progress_at(scene, memory, [0]).tolist() == after_one
    # six tokens are one part
    assert progress_at(scene, memory, [0, 1]).tolist() == [0.5, 0.0, length, 0.0, 0.5, 0.0, 0.0]


def test_one_number_does_not_fill_two_ports_of_a_call():
    scene = marked("borrow 20000 over 24")
    rate = Port(name="size", kind="float")
    first = scene.layout.tokens
    numbers = [symbol for symbol in values_allowed(scene, rate, []) if symbol >= first]
    assert len(numbers) == 2
    assert values_allowed(scene, rate, [], taken=numbers[:1]) == [Special.MISSING, numbers[1]]
    assert values_allowed(scene, rate, [], taken=numbers) == [Special.MISSING]
    words = Port(name="word", kind="string")
    assert numbers[0] not in values_allowed(scene, words, [], taken=numbers)
    question = Port(name="question", kind="string")  # the whole clause, whatever else stands in it
    assert min(numbers) - 1 in values_allowed(scene, question, [], taken=range(first, scene.layout.size))


def test_a_port_that_says_nothing_takes_the_file_that_fits_it():
    silent = ExpertCard(name="shorten", inputs=(Port(name="input", kind="text"),), outputs=(TEXT,))
    scene = Scene((silent,), ("text", "audio"), (), 3, 4, **WORDS)
    assert values_allowed(scene, silent.inputs[0], []) == [scene.layout.attachments]


def test_a_file_name_in_quotes_is_no_quoted_text():
    assert len(marked("describe 'photo.jpg' as 'a calm sea'").marks.quotes) == 1


def test_numbers_are_kept_for_the_ports_that_they_are_counted_by():
    amount, rate = Port(name="amount", kind="float"), Port(name="annual_rate", kind="float")
    months = Port(name="months", kind="integer")
    loan = ExpertCard(name="loan", inputs=(amount, rate, months), outputs=(TEXT,))
    text = "borrow 12000 at 6 % over 24 months"
    scene = marked(text, (loan,))
    said = {
        port.name: [s - scene.layout.tokens for s in values_allowed(scene, port, []) if s >= scene.layout.tokens]
        for port in loan.inputs
    }
    words = {name: [text.split()[token] for token in tokens] for name, tokens in said.items()}
    assert words == {"amount": ["12000"], "annual_rate": ["6"], "months": ["12000", "24"]}
    begins = scene.layout.tokens + 1
    assert lasts_allowed(scene, begins, amount) == [begins]  # not beyond the next number, and not with "at"


def test_a_port_for_a_date_takes_the_dates_that_are_written_out():
    start = Port(name="start", kind="string", description="first day, such as 2025-03-03")
    scene = marked("days from 3 March 2025 to 21 March 2025")
    first = scene.layout.tokens
    begins = [symbol - first for symbol in values_allowed(scene, start, []) if symbol >= first]
    assert begins == [2, 6]
    assert lasts_allowed(scene, first + 2, start) == [first + 4]
    told = marked("days from today to 21 March 2025")
    assert len(values_allowed(told, start, [])) > 3


@pytest.mark.parametrize(
    ("text", "begins"), [("12,000 at 3.6", [0, 10]), ("30万 or 4千", [0, 7]), ("1,2", [0, 2]), ("1,2345", [0, 2])]
)
def test_a_number_begins_where_nothing_of_it_stands_before(text, begins):

    pieces = [match.span() for match in re.finditer(r"\d+|[a-z]+|[^\w\s]|[万千]", text)]
    marks = marks_of(text, pieces, tuple(range(len(pieces))))
    assert sorted(pieces[token][0] for token in marks.numbers) == begins
