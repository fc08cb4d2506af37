"""shortlist: the cards that a controller may choose from, filtered by policy and ranked. Pure but for the index."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.registry.card_index import CardIndex
from orchestrator.types import Candidate, ExpertCard, Policy, Request, Shortlist


def shortlist(request: Request, cards: Sequence[ExpertCard], index: CardIndex, size: int) -> Shortlist:
    """At most `size` cards that the policy allows, those most like the request first.

    Cards are only scored where there are more than `size`: a short list needs no ranking before the controller's own.
    """
    allowed = [card for card in cards if permits(request.policy, card)]
    if len(allowed) <= size:
        return Shortlist(candidates=tuple(Candidate(card=card, score=1.0) for card in allowed))
    scores = index.scores([request.text], allowed)[0]  # (E,)
    best = scores.argsort()[::-1][:size]
    return Shortlist(candidates=tuple(Candidate(card=allowed[i], score=float(scores[i])) for i in best))


def permits(policy: Policy, card: ExpertCard) -> bool:
    """Whether the policy lets an expert run: network use, effects and licence."""
    if card.network and not policy.allow_network:
        return False
    if card.effects != "none" and card.effects not in policy.allow_effects:
        return False
    return policy.allow_licences is None or card.licence in policy.allow_licences
