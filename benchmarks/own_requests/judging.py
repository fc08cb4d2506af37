"""Judges a final answer by a request's checker, and sums the judgements up. Knows no plan and no expert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.own_requests.request import KINDS, OwnRequest, WantedArtifact
from orchestrator.artifact import Artifact, Audio, Image
from orchestrator.evaluation.metrics import Estimate, estimate
from orchestrator.types import Answer, SourceCitation, Value

SURE = 0.5  # a wrong answer with this confidence or more counts as confidently wrong


class Judgement(Value):
    """How an answer fared; right where nothing is missing."""

    id: str
    missing: tuple[str, ...] = ()
    status: str
    confidence: float
    seconds: float
    plan: tuple[str, ...] = ()
    text: str = ""

    @property
    def is_right(self) -> bool:
        return not self.missing

    @property
    def is_confidently_wrong(self) -> bool:
        """Answered, wrong, and sure of it."""
        return self.status == "answered" and not self.is_right and self.confidence >= SURE


class Row(Value):
    """A group of requests: shares of right and of confidently wrong answers."""

    group: str
    right: Estimate
    confidently_wrong: Estimate


def judged(request: OwnRequest, answer: Answer, seconds: float) -> Judgement:
    """What the answer lacks."""
    return Judgement(
        id=request.id,
        missing=tuple(_missing(request, answer)),
        status=answer.status,
        confidence=answer.confidence,
        seconds=seconds,
        plan=tuple(step.expert if step.status == "done" else f"{step.expert} ({step.status})" for step in answer.steps),
        text=answer.text,
    )


def rows_of(requests: Sequence[OwnRequest], judgements: Sequence[Judgement]) -> list[Row]:
    """All, by language, by kind, and those that need a registered expert; groups without a request are left out."""
    groups: dict[str, list[OwnRequest]] = {
        "all": list(requests),
        "English": [request for request in requests if request.language == "en"],
        "Chinese": [request for request in requests if request.language == "zh"],
        **{kind: [request for request in requests if request.kind == kind] for kind in KINDS},
        "registered": [request for request in requests if request.uses_registered],
    }
    by_id = {judgement.id: judgement for judgement in judgements}
    rows = []
    for name, members in groups.items():
        if of_group := [by_id[request.id] for request in members]:
            right = estimate([float(judgement.is_right) for judgement in of_group])
            wrong = estimate([float(judgement.is_confidently_wrong) for judgement in of_group])
            rows.append(Row(group=name, right=right, confidently_wrong=wrong))
    return rows


def _missing(request: OwnRequest, answer: Answer) -> list[str]:
    if answer.status not in request.status:
        return [f"status {' or '.join(request.status)}, not {answer.status}"]
    quotes = [
        f"{citation.title} {citation.quote}" for citation in answer.citations if isinstance(citation, SourceCitation)
    ]
    text = "\n".join([answer.text, *quotes])
    missing = [f"no {pattern!r}" for pattern in request.says if not re.search(pattern, text, re.IGNORECASE)]
    missing += [f"but {pattern!r}" for pattern in request.says_not if re.search(pattern, text, re.IGNORECASE)]
    for wanted in request.artifacts:
        if not any(_is(artifact, wanted) for artifact in answer.artifacts):
            missing.append(f"no {wanted.kind} as wanted")
    return missing


def _is(artifact: Artifact, wanted: WantedArtifact) -> bool:
    if artifact.kind != wanted.kind:
        return False
    if wanted.duration_s is not None and isinstance(artifact, Audio):
        samples, rate_hz = artifact.samples()
        least, most = wanted.duration_s
        return least <= len(samples) / rate_hz <= most
    if wanted.size_px is not None and isinstance(artifact, Image):
        return artifact.pil(None).size == wanted.size_px
    return True
