"""Vectors of cards are stacked once while the cards are offered again."""

from __future__ import annotations

from orchestrator.types import ExpertCard


def test_cards_offered_lately_are_not_read_again():
    import torch

    from orchestrator.controller.planner.memory import card_vectors
    from orchestrator.controller.planner.offers import Offers

    read = []

    def vectors(cards):
        read.append([card.name for card in cards])
        described = torch.tensor([[float(ord(card.name))] for card in cards])
        return card_vectors(described, torch.zeros(0, 1), [0] * len(cards), are_known=False)

    cards = tuple(ExpertCard(name=name) for name in "abcd")
    offers = Offers(vectors)
    whole = offers.vectors_of(cards)
    assert offers.vectors_of(list(cards)) is whole
    assert offers.vectors_of(cards[2:0:-1]).described.flatten().tolist() == [ord("c"), ord("b")]
    others = tuple(ExpertCard(name=name) for name in "xy")
    offers.vectors_of(others)
    assert offers.vectors_of(cards) is whole  # two users in turn
    assert read == [["a", "b", "c", "d"], ["x", "y"]]
    changed = cards[0].model_copy(update={"description": "new"})
    offers.vectors_of((changed, *cards[1:]))
    assert read[2:] == [["a", "b", "c", "d"]]
    for name in "uvw":
        offers.vectors_of((ExpertCard(name=name),))
    offers.vectors_of(cards)
    assert len(read) == 7  # only the last three are kept
