"""verify_trace: whether what a recorded run rests on is still what it was: files by hash, citations by quote.

Runs nothing again; that is `replay`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from orchestrator.artifact import Artifact
from orchestrator.ledger.traces import Trace
from orchestrator.types import SourceCitation, Value


class Checked(Value):
    """One thing that the run rests on, and whether it still holds."""

    what: str
    holds: bool


class VerificationReport(Value):
    """What `baton trace verify` found."""

    run_id: str
    holds: bool
    checked: tuple[Checked, ...]


def verify_trace(trace: Trace, is_true: Callable[[SourceCitation], bool]) -> VerificationReport:
    """Check a run's attachments, outputs and citations.

    Args:
        trace: the recorded run.
        is_true: whether a citation's quote, offsets and hash still fit the library.
    """
    checked = [
        *(Checked(what=f"attachment {a.name or a.kind}", holds=_is_intact(a)) for a in trace.request.artifacts),
        *_outputs(trace),
        *_citations(trace, is_true),
    ]
    return VerificationReport(run_id=trace.id, holds=all(one.holds for one in checked), checked=tuple(checked))


def _outputs(trace: Trace) -> Iterator[Checked]:
    for result in trace.results:
        for port in result.outputs:
            for artifact in result.items(port):
                yield Checked(what=f"{result.step} {result.expert}.{port}", holds=_is_intact(artifact))


def _citations(trace: Trace, is_true: Callable[[SourceCitation], bool]) -> Iterator[Checked]:
    for number, citation in enumerate(trace.answer.citations if trace.answer is not None else (), start=1):
        if isinstance(citation, SourceCitation):
            yield Checked(what=f"citation [{number}] {citation.title}", holds=is_true(citation))


def _is_intact(artifact: Artifact) -> bool:
    if artifact.path is not None and not artifact.path.is_file():
        return False
    return hashlib.sha256(artifact.read_bytes()).hexdigest() == artifact.sha256
