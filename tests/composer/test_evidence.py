"""Which sentences count as evidence, and which second one stands beside the best."""

from __future__ import annotations

from orchestrator.composer.evidence import Evidence, answering, evidence_for
from orchestrator.embedding import encoder
from orchestrator.types import Passage


def passage(text, title="Returns Policy"):
    return Passage(document="d", title=title, sha256="0", start=0, end=len(text), text=text)


def test_a_heading_is_no_evidence():
    text = "Returns Policy\n\nYou may return any unused device within 45 days of delivery.\n\n# Fees"
    found = evidence_for("Summarise the returns policy", [passage(text)], encoder)
    assert [evidence.text for evidence in found] == ["You may return any unused device within 45 days of delivery."]


def test_offsets_are_those_of_the_document():
    text = "The pump weighs 4 kg. It needs 45 watts."
    whole = passage(text, "Pump").model_copy(update={"start": 100, "end": 140})
    best = evidence_for("How many watts does the pump need?", [whole], encoder)[0]
    assert (best.start, best.end, best.text) == (100, 140, text)


def test_a_fragment_does_not_stand_beside_a_sentence():
    where = passage("Staff may work from home on 8 days a month. Country: Germany; Hotel limit: 110 euros")
    sentence = Evidence(where, 0, 43, "Staff may work from home on 8 days a month.", 0.8)
    row = Evidence(where, 44, 84, "Country: Germany; Hotel limit: 110 euros", 0.79)
    other = Evidence(where, 90, 99, "It needs leave.", 0.78)
    assert answering([sentence, row, other], "How many days?") == [sentence, other]
    assert answering([row, sentence], "Which limit?") == [row, sentence]
    assert answering([Evidence(where, 0, 43, "x.", 0.1)], "How many days?") == []
