"""shortlist: the cards that a controller may choose from, filtered by policy and ranked. Knows no plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from orchestrator.types import Candidate, ExpertCard, Policy, Request, Shortlist

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Scorer(Protocol):
    """Tells how well cards fit texts."""

    def scores(self, texts: Sequence[str], cards: Sequence[ExpertCard]) -> NDArray[np.float32]:
        """Of shape (len(texts), len(cards)), higher for better."""
        ...


def shortlist(request: Request, cards: Sequence[ExpertCard], scorer: Scorer, size: int) -> Shortlist:
    """At most `size` cards that the policy allows, those most like the request first.

    Cards are only scored where there are more than `size`: a short list needs no ranking before the controller's own.
    """
    allowed = [card for card in cards if permits(request.policy, card)]
    if len(allowed) <= size:
        return Shortlist(candidates=tuple(Candidate(card=card, score=1.0) for card in allowed))
    scores = scorer.scores([request.text], allowed)[0]  # (E,)
    best = scores.argsort()[::-1][:size]
    return Shortlist(candidates=tuple(Candidate(card=allowed[i], score=float(scores[i])) for i in best))


def permits(policy: Policy, card: ExpertCard) -> bool:
    """Whether the policy lets an expert run: network use, effects and licence."""
    if card.network and not policy.allow_network:
        return False
    if card.effects != "none" and card.effects not in policy.allow_effects:
        return False
    return policy.allow_licences is None or card.licence in policy.allow_licences
