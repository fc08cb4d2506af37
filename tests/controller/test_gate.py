"""Which of two plans is taken."""

from __future__ import annotations

import pytest

from orchestrator.controller.gate import taken
from orchestrator.types import Attachment, Plan, Step

LOOKUPS = {"library"}
EMBEDDED = {"library", "faces", "barcodes", "words", "plot", "speech", "isbn", "zodiac"}


def plan(told: str) -> Plan:
    """A plan from "status confidence experts"; an expert with a star reads an attachment."""
    status, confidence, *names = told.split()
    steps = tuple(
        Step(
            id=f"s{i}",
            expert=name.rstrip("*"),
            inputs={"file": Attachment(index=0)} if name.endswith("*") else {},
        )
        for i, name in enumerate(names, start=1)
    )
    return Plan(status=status, confidence=float(confidence), steps=steps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "learnt", "is_learnt"),
    [
        ("planned 0.95 faces*", "planned 0.99 barcodes*", False),
        ("planned 0.95 barcodes*", "planned 0.85 barcodes* isbn", True),  # the same and more
        ("planned 0.95 barcodes*", "planned 0.7 barcodes* isbn", False),
        ("planned 0.8 faces", "planned 0.6 barcodes", True),
        ("planned 0.6 faces*", "planned 0.8 weather", False),  # leaves the file unread
        ("planned 0.6 words*", "planned 0.8 words* library", False),  # looks up what it read
        ("planned 0.6 words", "planned 0.8 library", True),
        ("planned 0.88 plot words", "planned 0.7 plot", False),  # does less, and is less sure
        ("planned 0.6 plot words", "planned 0.7 plot", True),
        ("planned 0.8 faces", "planned 0.4 barcodes", False),
        ("planned 0.36 faces", "planned 0.4 barcodes", True),
        ("planned 0.44 library", "planned 0.35 acronym", True),  # asked for want of anything better
        ("planned 0.44 library", "planned 0.2 acronym", False),
        ("planned 0.85 library", "planned 0.64 library", False),  # the same, and less sure of it
        ("planned 0.44 library", "planned 0.6 library", True),
        ("planned 0.44 library", "needs_input 0.8 loan", False),
        ("planned 0.57 words", "needs_input 0.64 zodiac", True),
        ("planned 0.82 words", "needs_input 0.15 zodiac", False),
        ("planned 0.89 zodiac", "abstained 0.05", False),
        ("planned 0.8 weld", "planned 0.2 faces", True),  # an expert that the rules were not written for
        ("planned 0.8 weld", "abstained 0.9", False),
        ("planned 0.96 loan", "planned 0.6 loan", True),  # the same expert, whose inputs the model tells apart
        ("planned 0.96 loan", "needs_input 0.6 loan", True),
        ("planned 0.96 weld", "planned 0.6 faces", False),
        ("needs_input 0.9 plot", "planned 0.6 plot", True),
        ("needs_input 0.7 plot", "planned 0.1 plot", False),
        ("abstained 0.1", "planned 0.15 speech", False),
        ("abstained 0.1", "planned 0.4 speech", True),
        ("abstained 0.1", "needs_input 0.4 speech", False),  # asks for something, and is hardly sure
        ("abstained 0.1", "needs_input 0.6 speech", True),
        ("needs_input 0.9 speech", "needs_input 0.4 speech", False),
        ("abstained 0.1", "abstained 0.9", False),
    ],
)
def test_the_likelier_plan(known, learnt, is_learnt):
    one, other = plan(known), plan(learnt)
    assert taken(one, other, EMBEDDED, LOOKUPS) is (other if is_learnt else one)
