"""Tuned vectors: nearer to what a card's requests say, and never tuned on the case that the decoder learns from."""

from __future__ import annotations

from orchestrator.controller.training.cases import Call, PlanningCase
from orchestrator.types import ExpertCard

CARDS = [
    ExpertCard(name="alpha", description="Answers requests."),
    ExpertCard(name="beta", description="Answers what is asked."),
]
WEATHER = ("Will it rain in Oslo?", "How cold is Rome today?", "Is it windy outside?", "Snow forecast for Bern")
FOOD = ("A recipe for onion soup", "How do I bake bread?", "What can I cook with rice?", "A vegan cake, please")


def data():
    from orchestrator.controller.training.sources import TrainingData

    cases = [
        PlanningCase(f"{card.name}-{i}", request, (card,), (Call(0, {}),), source="own")
        for card, requests in zip(CARDS, (WEATHER, FOOD), strict=True)
        for i, request in enumerate(6 * requests)
    ]
    return TrainingData({"own": cases}, {"own": CARDS})


def test_a_tuned_card_is_nearest_to_requests_like_its_own():
    from orchestrator.controller.planner.reading import Reader, card_digest
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.training.tuning import NUM_FOLDS, tuned_cards

    vectors = Vectors(Reader().eval())
    lines = []
    tuned = tuned_cards(data(), vectors, seed=0, progress=lines.append)
    assert lines == ["tuned the vectors of 2 cards of own to 48 requests"]
    assert set(tuned.every) == {card_digest(card) for card in CARDS}
    assert len(tuned.folds) == NUM_FOLDS

    described = vectors.cards(CARDS)
    assert not described.are_known
    known = vectors.cards(CARDS, tuned.every)
    assert known.are_known
    for request, best in (("Is a storm coming to Lima?", 0), ("How long does a stew take?", 1)):
        near = known.described @ vectors.request(request, 64).mean.float()
        assert int(near.argmax()) == best

    one = data().cases["own"][0]
    assert any(tuned.without(one) is fold for fold in tuned.folds)
    half = vectors.cards([*CARDS, ExpertCard(name="gamma", description="New.")], tuned.every)
    assert not half.are_known  # beside an unknown card all are described
    assert (half.described[:2] == described.described).all()


def test_the_same_seed_gives_the_same_vectors():
    import torch

    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.training.tuning import tuned_cards

    vectors = Vectors(Reader().eval())
    one, other = (tuned_cards(data(), vectors, seed=3, progress=str) for _ in range(2))
    assert all(torch.equal(one.every[digest], other.every[digest]) for digest in one.every)
