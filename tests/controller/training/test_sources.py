"""What training draws: joined requests with exact spans, plain ports, requests over given cards, cards around them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from orchestrator.controller.training.cases import Call, Filled, PlanningCase, shuffled
from orchestrator.controller.training.composed import composed, is_composable, joined, plain
from orchestrator.types import ExpertCard, Port


def card(name, *inputs, gives="text", task="", examples=()):
    return ExpertCard(
        name=name,
        description=f"does {name}",
        inputs=inputs,
        outputs=(Port(name="result", kind=gives),),
        task=task,
        examples=examples,
    )


def query():
    return Port(name="query", kind="text")


def single(request, name, filled=None):
    port = query() if filled is None else Port(name="city", kind="string")
    return PlanningCase(name, request, (card(name, port),), (Call(0, {port.name: filled or Filled()}),), source="toole")


def test_joined_requests_stand_where_they_are_said_to():
    for seed in range(60):
        said = ["Find a hotel in Rome.", "What is the weather?", "Book a table"]
        text, places = joined(said, [False, True, False], random.Random(seed))
        parts = [text[start:end] for start, end in places]
        assert [part.lower().rstrip(".") for part in parts] == [
            "find a hotel in rome",
            "what is the weather?",
            "book a table",
        ]


def test_a_composed_case_keeps_its_spans_and_tells_what_each_step_reads():
    parts = [
        single("  Weather in Oslo please.", "weather", Filled(spans=((13, 17),))),
        single("Find a recipe for soup", "recipes"),
    ]
    referring = 0
    for seed in range(60):
        case = composed(parts, random.Random(seed))
        start, end = case.calls[0].inputs["city"].spans[0]
        assert case.request[start:end] == "Oslo"
        filled = case.calls[1].inputs["query"]
        if filled.steps:
            referring += 1
            assert filled.steps == (0,)
        else:
            start, end = filled.spans[0]
            assert case.request[start:end].lower() == "find a recipe for soup"
    assert 3 < referring < 30


def test_plain_cards_read_the_step_before():
    case = composed([single("Weather in Oslo", "weather"), single("Find soup recipes", "recipes")], random.Random(1))
    bare = plain(case)
    assert [one.inputs for one in bare.cards] == [(Port(name="input", kind="text"),)] * 2
    assert [call.inputs for call in bare.calls] == [{"input": Filled()}, {"input": Filled(steps=(0,))}]


def test_only_single_requests_of_some_length_are_joined():
    assert is_composable(single("Weather in Oslo", "weather"))
    assert not is_composable(single("Hi", "weather"))
    assert not is_composable(PlanningCase("none", "Tell me a joke", (), ()))


def test_requests_over_given_cards_are_labelled_by_the_rules():
    from orchestrator.controller.rules import RuleController
    from orchestrator.controller.training.embedded import embedded_cases
    from orchestrator.embedding import encoder
    from orchestrator.registry.card_index import CardIndex

    audio = Port(name="audio", kind="audio")
    cards = (
        card(
            "listen",
            audio,
            task="automatic-speech-recognition",
            examples=("What is said in this recording?", "录音里说了什么？"),
        ),
        card(
            "shorten",
            Port(name="text", kind="text"),
            task="summarization",
            examples=("Summarize this text", "概括这段文字"),
        ),
    )
    cases = list(embedded_cases(cards, RuleController(CardIndex(encoder)), 30, seed=2))
    assert len(cases) > 10
    for case in cases:
        assert case.calls
        for one in case.cards:
            assert not any(example in case.request for example in one.examples)  # nothing is learnt by looking it up
        names = [case.cards[call.card].name for call in case.calls]
        if names == ["listen", "shorten"] and case.calls[1].inputs["text"].steps:
            assert case.calls[1].inputs["text"] == Filled(steps=(0,))


def test_data_is_held_back_and_cards_are_put_around(tmp_path):
    from orchestrator.controller.training.sources import training_data

    folder = tmp_path / "toole"
    folder.mkdir()
    rows = [
        {
            "name": f"tool{i}",
            "description": f"tool number {i}",
            "inputs": [{"name": "query", "kind": "text"}],
            "outputs": [{"name": "result", "kind": "text"}],
        }
        for i in range(40)
    ]
    (folder / "cards.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    cases = [
        {"id": str(i), "request": f"please use tool number {i % 40}", "nodes": [{"expert": f"tool{i % 40}"}]}
        for i in range(200)
    ]
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    data = training_data(tmp_path, num_synthetic=60, seed=1)
    ids = {name: {case.id for case in data.cases[name]} for name in data.cases}
    assert len(ids["toole"]) + len(data.held_back["toole"]) == 200
    assert not ids["toole"] & {case.id for case in data.held_back["toole"]}
    chosen = random.Random(3)
    withheld = 0
    for _ in range(120):
        case = data.case(chosen)
        around = data.among(case, lambda case, name, chosen: data.pools[name], chosen)
        needed = [case.cards[call.card].name for call in case.calls]
        names = [one.name for one in around.cards]
        assert len(set(names)) == len(names)
        if needed and not around.calls:  # without the card that it needs a request is to be declined
            assert case.source == "toole"
            assert needed[0] not in names
            withheld += 1
            continue
        assert len(names) >= len(case.cards) or case.source in ("embedded", "declined")
        assert [names[call.card] for call in around.calls] == needed
    assert 0 < withheld < 40


def test_trials_are_cases_held_back_over_all_cards_of_their_set(tmp_path):
    from orchestrator.controller.training.sources import TrainingData

    cards = [card(f"tool{i}", query()) for i in range(30)]
    cases = [
        PlanningCase(f"{i}-{part}", f"request {part} of tool {i}", (cards[i],), (Call(0, {}),), source="toole")
        for i in range(30)
        for part in range(4)
    ]
    data = TrainingData({"toole": cases[30:]}, {"toole": cards}, {"toole": cases[:30]})
    found = data.trials("toole", 30, random.Random(0))
    assert {case.id for case, _ in found} == {case.id for case in cases[:30]}
    for case, offered in found:
        assert len(offered) == (30 if case.calls else 29)
        assert not any(case.request in one.examples for one in offered)
    assert {any(one.examples for one in offered) for _, offered in found} == {True, False}


def test_a_folder_without_any_set_is_refused(tmp_path):
    from orchestrator.controller.training.sources import training_data
    from orchestrator.errors import BadRequest

    with pytest.raises(BadRequest, match="ultratool"):
        training_data(tmp_path, num_synthetic=0, seed=0)


def test_data_is_the_same_in_every_process():
    code = (
        "import hashlib, random\n"
        "from orchestrator.controller.training.sources import training_data\n"
        "data = training_data(None, num_synthetic=150, seed=3)\n"
        "chosen = random.Random(4)\n"
        "cases = [data.among(data.case(chosen), lambda case, name, _: data.pools[name], chosen) for _ in range(40)]\n"
        "print(hashlib.sha256(repr((cases, data.twins, data.held_back)).encode()).hexdigest())\n"
    )

    def told(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return run.stdout

    assert told("1") == told("2") != ""


def test_a_shuffled_case_keeps_what_earlier_calls_give():
    first = Call(0, {"text": Filled(spans=((0, 4),))})
    second, third = Call(1, {"text": Filled(steps=(0,))}), Call(2, {"text": Filled(steps=(0, 1))})
    case = PlanningCase("x", "read, then sum up, then tell", (), (first, second, third))
    found = {}
    for seed in range(30):
        calls = shuffled(case, random.Random(seed)).calls
        found[tuple(call.card for call in calls)] = [call.inputs["text"] for call in calls]
    assert len(found) == 6
    assert found[0, 1, 2] == [first.inputs["text"], Filled(steps=(0,)), Filled(steps=(0, 1))]
    assert found[2, 0, 1] == [Filled(), first.inputs["text"], Filled(steps=(1,))]
    assert found[1, 0, 2] == [Filled(), first.inputs["text"], Filled(steps=(0, 1))]


def test_a_shuffled_case_calls_each_expert_once():
    rome, oslo = (Call(0, {"city": Filled(spans=(span,))}) for span in ((0, 4), (9, 13)))
    told = Call(1, {"text": Filled(steps=(0, 1))})
    case = PlanningCase("x", "Rome and Oslo, then tell", (), (rome, oslo, told))
    found = [shuffled(case, random.Random(seed)).calls for seed in range(9)]
    in_order, reversed_ = (rome, Call(1, {"text": Filled(steps=(0,))})), (Call(1, {"text": Filled()}), rome)
    assert in_order in found
    assert reversed_ in found
    assert all(calls in (in_order, reversed_) for calls in found)


def test_with_attachments_the_order_stays():
    case = PlanningCase("x", "read it and sum it up", (), (Call(0, {}), Call(1, {})), attachments=("image",))
    assert all(shuffled(case, random.Random(seed)) == case for seed in range(5))
