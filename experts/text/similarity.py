"""Similarity of two texts in meaning (English) or in words (Chinese). Knows no other expert."""

from __future__ import annotations

from typing import Annotated

from experts.text.content import content_of
from experts.text.lexical import word_cosine
from experts.text.wordlist import word_list
from orchestrator import Json, Text
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.expert import Outcome, expert
from orchestrator.language import language_of


@expert(
    title="Text similarity",
    task="sentence-similarity",
    licence="Apache-2.0",
    openness="open-model",
    author="The Baton authors; MiniLM by sentence-transformers",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="MiniLM: over one billion English sentence pairs (Reddit, S2ORC, WikiAnswers and others)",
    limits="Reads the first 256 tokens of each text; two Chinese texts are compared by shared words, and a Chinese text"
    " cannot be compared with an English one.",
    examples=(
        "How similar are these two texts?",
        "Do these sentences mean the same: 'The car is fast' and 'The automobile is quick'?",
        "Compare the two product descriptions",
        "Are the two attached documents about the same thing?",
        "Is this answer a paraphrase of that one?",
        "这两段文字有多相似?",
        "比较这两句话的意思是否相同",
        "这两份说明内容一样吗?",
    ),
    says={
        "en": ("The two texts are {verdict}: their similarity is {score:.2f} on a scale from 0 to 1.",),
        "zh": ("两段文字{verdict_zh}：相似度为{score:.2f}（范围从0到1）。",),
    },
)
class TextSimilarity:
    """Compare two texts and say how similar they are in meaning, from 0 to 1."""

    def load(self, device: str) -> None:
        encoder()

    def __call__(self, text: Text, other: Annotated[Text, "the text to compare it with"]) -> Json:
        """Keys `score` in [0, 1], `verdict`, `verdict_zh` and `method` (encoder or words).

        Raises:
            BadRequest: a text is empty, or one is Chinese and the other is not.
        """
        pair = [content_of(text), content_of(other, "other")]
        languages = [language_of(one) for one in pair]
        if languages[0] != languages[1]:
            raise BadRequest(
                "other",
                pair[1][:40],
                "a text in the language of the first one",
                "Translate one of the texts; the embedded encoder cannot compare Chinese with English.",
            )
        method = "encoded" if languages[0] == "en" else "lexical"
        if method == "encoded":
            vectors = encoder().encode(pair)
            score = min(1.0, max(0.0, float(vectors[0] @ vectors[1])))
        else:
            score = word_cosine(*pair)
        settings = word_list("similarity")
        verdict = next(v for v in settings["verdicts"] if score >= v["from"])
        facts = {
            "score": round(score, 4),
            "verdict": verdict["en"],
            "verdict_zh": verdict["zh"],
            "method": "encoder" if method == "encoded" else "words",
        }
        return Outcome(Json(facts), settings["confidence"][method])  # type: ignore[return-value]
