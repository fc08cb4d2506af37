"""text_question: answers a question from a text that somebody attached or an expert read. Knows no library."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from orchestrator.artifact import Json, Text
from orchestrator.errors import BadRequest
from orchestrator.expert import Outcome, expert


class Reading(NamedTuple):
    """What reading for a question gives."""

    text: Annotated[Text, "the sentences that answer, word for word; empty where none does"]
    reading: Annotated[Json, "whether an answer was found, its offsets, and what was asked in vain"]


@expert(
    "text_question",
    title="Reading",
    task="question-answering",
    licence="Apache-2.0",
    openness="open-weights",
    author="The Baton authors",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="the encoder: 1.17 billion sentence pairs of public sets; the rest is rules",
    limits="Picks sentences of the text word for word; it draws no conclusion of its own.",
    examples=(
        "What does this document say about holidays?",
        "According to the attached report, when did the project start?",
        "What is the total on this receipt?",
        "Who signed the attached letter?",
        "What does the speaker say about the delivery?",
        "这份文件里对年假是怎么规定的？",
        "根据附件，项目什么时候开始？",
        "这张收据的总金额是多少？",
    ),
    says={
        "en": ("{text}", "The text does not say: “{asked_in_vain}”."),
        "zh": ("{text}", "文中没有提到“{asked_in_vain}”。"),
    },
)
def text_question(text: Annotated[Text, "the text to read"], question: Annotated[str, "what to find in it"]) -> Reading:
    """Answers a question from a given text, an attached document or a transcript, with the text's own sentences."""
    from orchestrator.composer.evidence import answering, evidence_for
    from orchestrator.embedding import encoder
    from orchestrator.types import Passage

    if not text.text.strip():
        raise BadRequest("text", text.text, "a text with words in it", "Attach a text, or ask about another file.")
    whole = Passage(document="", sha256=text.sha256, start=0, end=len(text.text), text=text.text)
    chosen = answering(evidence_for(question, [whole], encoder), question)
    facts = {
        "found": bool(chosen),
        "spans": [[evidence.start, evidence.end] for evidence in chosen],
        "asked_in_vain": "" if chosen else question.strip(" ?？"),
    }
    return Outcome(  # type: ignore[return-value]
        Reading(Text(" ".join(evidence.text for evidence in chosen)), Json(facts)),
        confidence=chosen[0].score if chosen else 0.0,
    )
