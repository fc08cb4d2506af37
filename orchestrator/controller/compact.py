"""CompactController: the embedded controller, a small language model that writes plans. Knows no training.

It reads the request and the cards (planner/reading.py), keeps the cards that are most like the request, and writes the
plan symbol by symbol under a grammar (planner/decoding.py).
"""

from __future__ import annotations

import asyncio
import functools
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.controller.clauses import FileName, file_names_in
from orchestrator.controller.gate import taken
from orchestrator.controller.planner.calibration import Calibration
from orchestrator.controller.questions import plan_of_nothing, question_for
from orchestrator.controller.wording import wording
from orchestrator.language import language_of
from orchestrator.types import ExpertCard, Plan, Request, Shortlist

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from orchestrator.controller.planner.offers import Offers
    from orchestrator.controller.planner.plans import Transcript
    from orchestrator.controller.planner.weights import Weights
    from orchestrator.controller.rules import RuleController

WEIGHTS = Path(__file__).parent / "weights"
NUM_CANDIDATES = 24  # cards that the decoder chooses from
_NUM_REQUESTS = 256  # whose vectors are kept: the shortlist and the plan read the same one


class CompactController:
    """Plans in milliseconds on one core.

    Args:
        folder: weights that `baton controller train` wrote; None is those that come with Baton.
        cache: file that keeps the vectors of cards for the next process.
        rules: plan what only needs experts that come with Baton, which they were written for.
        is_embedded: whether a card is of such an expert.
    """

    name = "compact"

    def __init__(
        self,
        folder: Path | None = None,
        cache: Path | None = None,
        *,
        rules: RuleController | None = None,
        is_embedded: Callable[[ExpertCard], bool] = lambda card: False,
    ) -> None:
        self._folder = folder or WEIGHTS
        self._cache = cache
        self._rules, self._is_embedded = rules, is_embedded
        self._lock = threading.Lock()
        self._loaded: Weights | None = None

    @classmethod
    def of(cls, weights: Weights) -> Self:
        """One that plans with weights in memory."""
        controller = cls()
        controller._loaded = weights
        return controller

    @property
    def calibration(self) -> Calibration:
        """Of the confidences, and the thresholds."""
        return self.weights.calibration

    @property
    def weights(self) -> Weights:
        """Loaded when they are first needed."""
        if self._loaded is None:
            from orchestrator.controller.planner.weights import load_weights

            self._loaded = load_weights(self._folder, self._cache)
        return self._loaded

    @functools.cached_property
    def _offers(self) -> Offers:
        from orchestrator.controller.planner.offers import Offers

        return Offers(self.weights.vectors.cards)

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        return await asyncio.to_thread(self.planned, request, shortlist.cards)

    def planned(self, request: Request, cards: Sequence[ExpertCard]) -> Plan:
        """The plan for a request over the cards."""
        if (of_nothing := plan_of_nothing(request, cards, is_empty=not re.search(r"\w", request.text))) is not None:
            return of_nothing
        rules = self._rules
        embedded = {card.name for card in cards if self._is_embedded(card)} if rules is not None else set()
        if rules is None or not embedded:
            return self._learnt(request, cards)
        known = rules.planned(request, cards)
        if known.status == "abstained" and len(embedded) == len(cards):
            return known  # the rules know what the experts that come with Baton cannot do
        lookups = {card.name for card in cards if card.task in wording().lookup_tasks}
        return taken(known, self._learnt(request, cards), embedded, lookups)

    def _learnt(self, request: Request, cards: Sequence[ExpertCard]) -> Plan:
        """The language model's own plan."""
        with self._lock:
            transcript = self.transcript(request, cards)
        return self._decided(transcript)

    def transcript(self, request: Request, cards: Sequence[ExpertCard]) -> Transcript:
        """What the planner writes for a request in words over one card or more, before anything is decided."""
        import torch

        from orchestrator.controller.planner.decoding import Decoder
        from orchestrator.controller.planner.marks import marks_of
        from orchestrator.controller.planner.memory import cues_at, memory_of, nearest
        from orchestrator.controller.planner.plans import Transcript
        from orchestrator.controller.planner.reading import MAX_PORT_TOKENS, port_text
        from orchestrator.controller.planner.writing import Scene, options_of, words_in

        vectors, model = self.weights.vectors, self.weights.model
        with torch.inference_mode():
            vectors.forget_requests(_NUM_REQUESTS)
            read = vectors.request(request.text, model.config.max_request_tokens)
            tokens, mean = read.states.float(), read.mean.float()
            every = self._offers.vectors_of(cards)
            chosen, near = nearest(tokens, mean, every, NUM_CANDIDATES)
            own, offered = [cards[i] for i in chosen], every.of(chosen)
            named = _named(request)
            kinds = (*(artifact.kind for artifact in request.artifacts), *(file.kind for file in named))
            firsts, lasts = words_in(request.text, read.offsets)
            # What stands behind the last token that is read decides nothing, however long it is.
            marks = marks_of(request.text[: read.offsets[-1][1] if read.offsets else 0], read.offsets, firsts)
            scene = Scene(
                tuple(own), kinds, options_of(own), len(read.offsets), model.config.max_steps, firsts, lasts, marks
            )
            options = vectors.means(scene.options, MAX_PORT_TOKENS)  # (O, D)
            memory = memory_of(scene, request.text, tokens, mean, offered, options, near)

            def port(card: int, position: int) -> Tensor:
                return vectors.means([port_text(own[card].inputs[position])], MAX_PORT_TOKENS)[0]

            @functools.cache  # asked for once to weigh the ports against each other, and once for each
            def cues(card: int, position: int) -> Tensor:
                return cues_at(scene, request.text, read.offsets, own[card].inputs[position], memory, card)

            written = Decoder(model, scene, memory, port, cues).write()
            matches = memory.matches[scene.layout.cards : scene.layout.tokens]  # (C, 7)
            whole, _, centre, *_ = matches.amax(0).tolist()
            alike = matches[:, :2].mean(1).topk(min(2, len(own))).values  # (2)
            nearest_cards = (whole, centre, float(alike[0] - alike[-1]))
            exemplified = float(matches[:, -2].mean())
        known = float(memory.are_known)
        return Transcript(request, scene, named, read.offsets, written, nearest_cards, len(cards), exemplified, known)

    def scores(self, texts: Sequence[str], cards: Sequence[ExpertCard]) -> NDArray[np.float32]:
        """How well each card fits each text or a part of it, in [-1, 1], shape (len(texts), len(cards))."""
        import numpy
        import torch

        from orchestrator.controller.planner.memory import near_of

        vectors, model = self.weights.vectors, self.weights.model
        found = numpy.zeros((len(texts), len(cards)), dtype=numpy.float32)
        with self._lock, torch.inference_mode():
            every = self._offers.vectors_of(cards)
            for row, text in enumerate(texts if cards else ()):
                read = vectors.request(text, model.config.max_request_tokens)
                found[row] = near_of(read.states.float(), read.mean.float(), every).amax(0).numpy()
        return found

    def _decided(self, transcript: Transcript) -> Plan:
        """Run, ask or decline."""
        written = transcript.written
        language = language_of(transcript.request.text)
        steps, missing = transcript.steps()
        confidence = self.calibration.probability(transcript.features)
        if not steps or written.declined > self.calibration.decline_above:
            question = wording().questions[language]["nothing_fits"]
            return Plan(status="abstained", confidence=confidence, question=question, steps=steps)
        if missing:
            question = question_for(missing[0], language)
            return Plan(status="needs_input", confidence=confidence, question=question, steps=steps)
        return Plan(status="planned", confidence=confidence, steps=steps)


def _named(request: Request) -> tuple[FileName, ...]:
    """Files that the text names and nobody attached."""
    attached = {artifact.name.lower() for artifact in request.artifacts}
    return tuple(file for file in file_names_in(request.text) if file.piece.text.lower() not in attached)
