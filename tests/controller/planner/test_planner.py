"""Reader, planner, training and weights together, with tiny schedules: shapes, validity, learning, round trips."""

from __future__ import annotations

import asyncio
import random

import pytest

from orchestrator.artifact import Text
from orchestrator.types import Candidate as Chosen
from orchestrator.types import ExpertCard, Port, Request, Shortlist, Span

QUERY = Port(name="query", kind="string", description="what to look up")


def card(name, description, *inputs):
    return ExpertCard(
        name=name, description=description, inputs=inputs or (QUERY,), outputs=(Port(name="text", kind="text"),)
    )


CARDS = (
    card("weather", "Tells the weather forecast of a city", Port(name="city", kind="string", description="the city")),
    card("recipes", "Finds cooking recipes", Port(name="dish", kind="string", description="the dish to cook")),
    card("translate", "Translates a text", Port(name="text", kind="text", description="the text")),
)

WORDS = ("今天", "天气", "怎么样", "天", "气")


@pytest.fixture(scope="module")
def reader():
    from orchestrator.controller.planner.reading import Reader

    return Reader(WORDS).eval()


def random_planner(seed=0):
    import torch

    from orchestrator.controller.planner.configuration import PlannerConfig
    from orchestrator.controller.planner.modeling import Planner

    torch.manual_seed(seed)
    return Planner(PlannerConfig(num_layers=1, feed_forward_width=128, max_steps=4))


def saved(reader, model, folder, known=None):
    from orchestrator.controller.compact import CompactController
    from orchestrator.controller.planner.weights import save_planner

    save_planner(folder, reader, model, known or {})
    return CompactController(folder)


def planned(controller, text, cards=CARDS, files=()):
    shortlist = Shortlist(candidates=tuple(Chosen(card=card, score=1.0) for card in cards))
    return asyncio.run(controller.plan(Request(text=text, artifacts=files), shortlist))


def test_the_reader_knows_chinese_words_and_splits_alike(reader):
    import torch

    tokens = reader.pieces(["今天天气怎么样", "hello"], 32)
    assert tokens.ids[0, 1:4].tolist() == [reader.pieces.id_of(word) for word in ("今天", "天气", "怎么样")]
    assert [tuple(pair) for pair in tokens.offsets[0, 1:4].tolist()] == [(0, 2), (2, 4), (4, 7)]
    with torch.no_grad():
        whole = reader(tokens.ids, tokens.mask)
        halves = reader.upper(reader.lower(tokens.ids, tokens.mask), tokens.mask)
    known = tokens.mask.bool()
    assert torch.allclose(whole[known], halves[known], atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_random_weights_write_valid_plans_only(reader, seed, tmp_path):
    controller = saved(reader, random_planner(seed), tmp_path)
    for text in ("Weather in Oslo, then translate it", "🙂", "select * from t; drop", "天气怎么样？", "word " * 400):
        plan = planned(controller, text, files=(Text("a note"),))
        assert plan.status in ("planned", "needs_input", "abstained")
        for step in plan.steps:
            names = {port.name for port in next(c for c in CARDS if c.name == step.expert).inputs}
            assert set(step.inputs) <= names


def test_place_by_place_is_the_same_as_whole_rows():
    from dataclasses import fields

    import torch

    from orchestrator.controller.planner import tensors
    from orchestrator.controller.planner.tensors import Entries, Places

    model = random_planner().eval()
    kinds = torch.tensor([[0] * 7 + [1] + [2] * 4 + [4] * 8 + [5] * 12])
    states = torch.randn(1, 32, 384)
    states[0, :12, 0] = torch.tensor([*range(7), 1, *range(4)])
    matches = torch.rand(1, 32, tensors.NUM_MATCHES) * (kinds == 4).unsqueeze(-1)
    entries = Entries(states, kinds, matches, torch.rand(1, 32, tensors.NUM_ENDS), torch.ones(1, 32, dtype=torch.bool))
    slots = torch.tensor([[0, 1, 2, 0]])
    places = Places(
        before=torch.tensor([[-1, 13, 22, 24]]),
        slots=slots,
        ports=torch.randn(1, 4, 384) * (slots != 0).unsqueeze(-1),
        counts=torch.tensor([[0, 1, 1, 1]]),
        spent=torch.rand(1, 4, 32).round(),
        cues=torch.rand(1, 4, 32, tensors.NUM_CUES),
        fits=torch.rand(1, 4, 32, tensors.NUM_FITS),
        progress=torch.rand(1, 4, tensors.NUM_PROGRESS),
        are_ordered=torch.tensor([[True, True, False, False]]),
    )
    with torch.no_grad():
        whole = model(entries, places, torch.ones(1, 4, 32, dtype=torch.bool))[0]
        prefix = model.begin(entries)
        for number in range(4):
            one = Places(*(getattr(places, field.name)[:, number : number + 1] for field in fields(Places)))
            assert torch.allclose(model.next(prefix, number, one), whole[number], atol=1e-4)


def expert_place(size, is_ordered):
    import torch

    from orchestrator.controller.planner import tensors

    return tensors.Places(
        before=torch.tensor([[-1]]),
        slots=torch.tensor([[0]]),
        ports=torch.zeros(1, 1, 384),
        counts=torch.tensor([[0]]),
        spent=torch.zeros(1, 1, size),
        cues=torch.zeros(1, 1, size, tensors.NUM_CUES),
        fits=torch.zeros(1, 1, size, tensors.NUM_FITS),
        progress=torch.zeros(1, 1, tensors.NUM_PROGRESS),
        are_ordered=torch.tensor([[is_ordered]]),
    )


def test_the_cards_share_one_probability():
    import torch

    from orchestrator.controller.planner import tensors
    from orchestrator.controller.planner.tensors import Entries

    model = random_planner().eval()
    states = torch.randn(1, 40, 384)

    def logits(num_cards, are_known=False, at=0.0, is_ordered=True):
        kinds = torch.tensor([[0] * 7 + [2] * 4 + [4] * num_cards + [5] * 6])
        size = kinds.shape[1]
        rows = torch.cat([states[:, :11], states[:, 11:12].expand(1, num_cards, -1), states[:, 30:36]], dim=1)
        rows[0, :11, 0] = torch.tensor([*range(7), *range(4)])
        matches = torch.zeros(1, size, tensors.NUM_MATCHES)
        matches[0, 11 : 11 + num_cards, -1] = float(are_known)
        everything = torch.ones(1, size, dtype=torch.bool)
        prefix = model.begin(Entries(rows, kinds, matches, torch.zeros(1, size, tensors.NUM_ENDS), everything))
        place = expert_place(size, is_ordered)
        place.fits[0, 0, 12, tensors.PLACE] = at
        with torch.no_grad():
            return model.next(prefix, 0, place)

    few, many = logits(2), logits(12)
    assert torch.allclose(few[11:13].logsumexp(0), many[11:23].logsumexp(0), atol=1e-5)
    assert torch.allclose(few[11], few[12], atol=1e-5)  # cards that look alike, neither of which training knew
    known = logits(2, are_known=True)
    assert torch.allclose(known[11:13].logsumexp(0), few[11:13].logsumexp(0), atol=1e-5)
    later = logits(2, at=1.0)  # what stands later in the request waits for what stands before it
    assert float(later[12] - later[11]) == pytest.approx(-2.0 * 0.5, abs=1e-4)
    anywhere = logits(2, at=1.0, is_ordered=False)
    assert float(anywhere[12] - anywhere[11]) == pytest.approx(0.0, abs=1e-4)


def test_it_learns_its_cases_by_heart_and_comes_back_from_disk(reader, tmp_path):
    from orchestrator.controller.planner.reading import card_digest
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.training.cases import Call, Filled, PlanningCase
    from orchestrator.controller.training.checkpoint import Checkpoint
    from orchestrator.controller.training.plan_phase import train_plans
    from orchestrator.controller.training.tuning import NUM_FOLDS, TunedCards

    cases = []
    for city in ("Oslo", "Rome", "Lima", "Cairo"):
        text = f"What is the weather in {city}?"
        span = (text.index(city), text.index(city) + len(city))
        cases.append(PlanningCase(city, text, CARDS, (Call(0, {"city": Filled(spans=(span,))}),)))
    cases.append(PlanningCase("none", "Tell me a joke", CARDS, ()))
    cases.append(PlanningCase("no cards", "Tell me the time", (), ()))
    both = "Find a soup recipe and translate it"
    calls = (Call(1, {"dish": Filled(spans=((7, 11),))}), Call(2, {"text": Filled(steps=(0,))}))
    cases += [PlanningCase(dish, both.replace("soup", dish), CARDS, calls) for dish in ("soup", "cake", "stew")]
    model = random_planner()
    vectors = Vectors(reader)
    known = {card_digest(card): vector for card, vector in zip(CARDS, vectors.cards(CARDS).described, strict=True)}
    train_plans(
        model,
        vectors,
        lambda chosen: chosen.choice(cases),
        TunedCards(known, NUM_FOLDS * (known,)),
        num_steps=400,
        seed=1,
        checkpoint=Checkpoint(None, {}),
        num_cases=8,
        progress=str,
    )
    controller = saved(reader, model, tmp_path, known)

    plan = planned(controller, "What is the weather in Rome?")
    assert [(s.expert, s.inputs) for s in plan.steps] == [("weather", {"city": Span(start=23, end=27)})]
    assert planned(controller, "Tell me a joke").status == "abstained"
    chain = planned(controller, both)
    assert [step.expert for step in chain.steps] == ["recipes", "translate"]
    assert chain.steps[1].needs == {"s1"}


def test_weights_that_are_not_there(tmp_path):
    from orchestrator.controller.planner.weights import load_planner
    from orchestrator.errors import BadRequest

    with pytest.raises(BadRequest, match="baton controller train"):
        load_planner(tmp_path)


def test_synthetic_requests_become_cases_with_exact_spans():
    from orchestrator.controller.training.invented import invented_cases
    from orchestrator.controller.training.synthetic import synthetic_cases

    made = list(synthetic_cases(200, 5))
    cases = list(invented_cases(made))
    assert len(cases) == 200
    for origin, case in zip(made, cases, strict=True):
        assert len(case.calls) == len(origin.nodes)
        for call, node in zip(case.calls, origin.nodes, strict=True):
            assert case.cards[call.card].name == node.expert
            for name, filled in call.inputs.items():
                argument = node.arguments.get(name)
                if filled.spans and argument is not None and argument.source == "span":
                    start, end = filled.spans[0]
                    assert case.request[start:end] == argument.value
    assert random.Random(0).choice(cases).source.startswith("synthetic/")


@pytest.mark.parametrize(("end", "num_steps"), [(0.55, 2), (0.65, 1)])
def test_it_ends_where_that_is_clearly_likelier_than_going_on_with_any_expert(
    reader, tmp_path, monkeypatch, end, num_steps
):
    import math

    from orchestrator.controller.planner.decoding import Decoder
    from orchestrator.controller.planner.symbols import Special

    def log_experts(self, allowed, written, fits):
        """Two cards are as likely; ending is likelier than either, once a step is written."""
        layout = self._scene.layout
        logs = [-math.inf] * layout.size
        ends = {0: 0.01, 1: end}.get(len(written), 0.9)
        logs[Special.END if written else Special.DECLINE] = math.log(ends)
        for at in (layout.cards + len(written), layout.cards + 2):
            logs[at] = math.log((1 - ends) / 2)
        return logs

    monkeypatch.setattr(Decoder, "_log_experts", log_experts)
    plan = planned(saved(reader, random_planner(), tmp_path), "Weather in Oslo, a recipe for soup")
    assert len(plan.steps) == num_steps
