"""Systems: what plans the cases, Baton's controller and its peers. Knows no set and no measure.

Every system gives a `PlannedCase`, so that all are scored by the same code. The peers read with MiniLM, each text once.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.controller.score import OURS
from benchmarks.controller.sets import Case
from orchestrator.controller.controller import Controller
from orchestrator.embedding import Encoder, encoder
from orchestrator.evaluation.plans import PlannedCase, as_case, request_of_row
from orchestrator.types import Candidate, ExpertCard, Shortlist

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class System(Protocol):
    """Plans one case at a time."""

    name: str

    def plan(self, case: Case) -> PlannedCase:
        """The best plan, and how sure the system is."""
        ...


def controller_from(folder: Path) -> Controller:
    """The trained controller whose weights lie in a folder.

    Raises:
        BadRequest: the folder does not hold them.
    """
    from orchestrator.controller.compact import CompactController

    return CompactController(folder)


class Baton:
    """Our controller, whichever weights it has. It sees all cards of a case, as `baton eval plans` shows them."""

    name = OURS

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self._runner = asyncio.Runner()
        self._shortlist: tuple[tuple[ExpertCard, ...], Shortlist] | None = None

    def plan(self, case: Case) -> PlannedCase:
        request = request_of_row(case.row)
        if self._shortlist is None or self._shortlist[0] is not case.cards:
            candidates = tuple(Candidate(card=card, score=1.0) for card in case.cards)
            self._shortlist = case.cards, Shortlist(candidates=candidates)
        started = time.perf_counter()
        plan = self._runner.run(self.controller.plan(request, self._shortlist[1]))
        return as_case(str(case.row["id"]), plan, request, case.cards, time.perf_counter() - started)

    def close(self) -> None:
        self._runner.close()


class TextVectors:
    """MiniLM's unit vectors of texts, each encoded once; shared by the peers."""

    def __init__(self) -> None:
        self._encoder: Encoder = encoder()
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._of_cards: dict[int, tuple[Sequence[ExpertCard], NDArray[np.float32]]] = {}

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (N, D)."""
        import numpy

        missing = list(dict.fromkeys(text for text in texts if text not in self._vectors))
        if missing:
            self._vectors.update(zip(missing, self._encoder.encode(missing), strict=True))
        return numpy.stack([self._vectors[text] for text in texts])

    def forget(self, text: str) -> None:
        """Encode it again when it is asked for next."""
        self._vectors.pop(text, None)

    def of_cards(self, cards: Sequence[ExpertCard]) -> NDArray[np.float32]:
        """A unit vector a card, the mean of what is said of it, shape (E, D)."""
        import numpy

        known = self._of_cards.get(id(cards))  # the sequence is kept, so its id stays its own
        if known is None:
            means = numpy.stack([self.of(texts_of(card)).mean(axis=0) for card in cards])
            known = cards, means / numpy.linalg.norm(means, axis=1, keepdims=True)
            self._of_cards[id(cards)] = known
        return known[1]


def texts_of(card: ExpertCard) -> list[str]:
    """What plain similarity compares requests with: the example requests, or name and description without any."""
    return list(card.examples) or [f"{card.spoken_name}: {card.description}"]


class Similarity:
    """Plain MiniLM similarity: the best cards, each feeding the next."""

    name = "MiniLM similarity"

    def __init__(self, vectors: TextVectors, num_experts: int) -> None:
        self._vectors, self._num_experts = vectors, num_experts

    def plan(self, case: Case) -> PlannedCase:
        started = time.perf_counter()
        if not case.cards:
            return planned_case(case, [], 0.0, started)
        scores = self._vectors.of_cards(case.cards) @ self._vectors.of([str(case.row["request"])])[0]  # (E,)
        best = scores.argsort()[::-1][: self._num_experts]
        return planned_case(case, [case.cards[i].name for i in best], float(scores[best[0]]), started)


class NearestPlan:
    """Copies the plan of the training requests most like the request, until it has as many experts as it must."""

    name = "nearest training plan"

    def __init__(self, vectors: TextVectors, training: Sequence[Case], num_experts: int) -> None:
        self._vectors, self._training, self._num_experts = vectors, training, num_experts
        self._requests = vectors.of([str(case.row["request"]) for case in training])  # (N, D)

    def plan(self, case: Case) -> PlannedCase:
        started = time.perf_counter()
        scores = self._requests @ self._vectors.of([str(case.row["request"])])[0]  # (N,)
        nearest = scores.argsort()[::-1]
        experts: list[str] = []
        for position in nearest:
            if len(experts) >= self._num_experts:
                break
            experts.extend(name for name in self._training[position].experts if name not in experts)
        first = self._training[nearest[0]]
        links = first.row.get("links", ()) if experts == list(first.experts) else ()
        return planned_case(case, experts, float(scores[nearest[0]]), started, links)


class SemanticRouter:
    """semantic-router 1.x as its documentation shows it, on the same MiniLM; a route a card.

    Raises:
        ImportError: it is not installed; `pip install semantic-router` brings it.
    """

    name = "semantic-router"

    def __init__(self, vectors: TextVectors, cards: Sequence[ExpertCard], num_experts: int) -> None:
        from semantic_router import IndexedRouter, Route
        from semantic_router.encoders import DenseEncoder

        class Embedded(DenseEncoder):
            """The encoder that the other peers use."""

            def __call__(self, docs: list[Any]) -> list[list[float]]:
                return vectors.of(docs).tolist()

        routes = [Route(name=card.name, utterances=texts_of(card)) for card in cards]
        self._router = IndexedRouter(encoder=Embedded(name="all-MiniLM-L6-v2"), routes=routes)
        self._num_experts = num_experts

    def plan(self, case: Case) -> PlannedCase:
        started = time.perf_counter()
        found = self._router(str(case.row["request"]), limit=self._num_experts)
        choices = found if isinstance(found, list) else [found]
        named = [choice for choice in choices if choice.name is not None]
        confidence = float(named[0].confidence or 0.0) if named else 0.0
        return planned_case(case, [choice.name for choice in named], confidence, started)


def planned_case(
    case: Case, experts: Sequence[str], confidence: float, started: float, links: Sequence[Any] | None = None
) -> PlannedCase:
    """A peer's plan; without links of its own the experts form a chain."""
    chain = [{"source": a, "target": b} for a, b in itertools.pairwise(experts)]
    nodes = tuple({"id": f"s{n}", "expert": e, "arguments": {}, "confidence": 1.0} for n, e in enumerate(experts, 1))
    return PlannedCase(
        id=str(case.row["id"]),
        status="planned" if nodes else "abstained",
        confidence=min(max(confidence, 0.0), 1.0),
        seconds=time.perf_counter() - started,
        nodes=nodes,
        links=tuple(chain if links is None else [dict(link) for link in links]),
    )
