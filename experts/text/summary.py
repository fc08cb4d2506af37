"""Extractive summary: the sentences that the rest of a text is most like, unchanged and in order.

Knows no other expert and writes no sentence of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from experts.text.centrality import diverse, text_rank, tfidf
from experts.text.content import checked_count, content_of
from experts.text.wordlist import word_list
from orchestrator import Json, Text
from orchestrator.embedding import encoder
from orchestrator.expert import Outcome, expert
from orchestrator.language import content_words, language_of, sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Summary(NamedTuple):
    """A text in a few of its own sentences."""

    text: Annotated[Text, "the chosen sentences in their original order"]
    json: Annotated[Json, "sentences: text, start, end of each; num_sentences and num_sentences_before"]


@expert(
    title="Summary",
    task="summarization",
    licence="Apache-2.0",
    openness="open-model",
    author="The Baton authors; MiniLM by sentence-transformers",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="MiniLM: over one billion English sentence pairs (Reddit, S2ORC, WikiAnswers and others)",
    limits="It chooses whole sentences and never rephrases; Chinese is ranked by shared words only,"
    " and text without punctuation comes back whole.",
    examples=(
        "Summarise the text on this page",
        "Summarize this report",
        "Give me a short summary of the attached article",
        "What are the main points of this text?",
        "Sum up the meeting notes in two sentences",
        "TL;DR",
        "Shorten this document to its most important sentences",
        "请总结一下这篇文章",
        "用三句话概括这份报告",
        "这段文字的主要内容是什么?",
        "帮我写个摘要",
    ),
    says={"en": ("In short: {text}",), "zh": ("概括来说：{text}",)},
)
class Summarize:
    """Summarize a long text, report, article or transcript: pick its most important sentences, word for word."""

    def load(self, device: str) -> None:
        encoder()

    def __call__(
        self, text: Text, num_sentences: Annotated[int, "how many sentences the summary has, 1 to 30"] = 3
    ) -> Summary:
        """The `num_sentences` most central sentences, or all where the text has no more.

        Raises:
            BadRequest: the text is empty, or num_sentences out of range.
        """
        characters = content_of(text)
        settings = word_list("summary")
        num = checked_count("num_sentences", num_sentences, settings["max_num_sentences"])
        spans = sentences(characters)
        chosen = spans if len(spans) <= num else [spans[i] for i in sorted(_best(characters, spans, num))]
        parts = [{"text": characters[a:b], "start": a, "end": b} for a, b in chosen]
        chinese = language_of(characters) == "zh"
        facts = {"sentences": parts, "num_sentences": len(chosen), "num_sentences_before": len(spans)}
        joined = ("" if chinese else " ").join(" ".join(characters[a:b].split()) for a, b in chosen)
        confidence = settings["confidence_lexical" if chinese else "confidence_encoded"]
        return Outcome(Summary(Text(joined), Json(facts)), confidence)  # type: ignore[return-value]


def _best(text: str, spans: list[tuple[int, int]], num: int) -> list[int]:
    """Positions of the best sentences, in no order."""
    settings = word_list("summary")
    word_lists = [content_words(text[a:b]) for a, b in spans]
    vectors = tfidf(word_lists)
    kept = list(range(len(spans)))
    if language_of(text) == "en":
        if len(spans) > settings["max_encoded"]:
            kept = sorted(_scores(vectors, word_lists).argsort()[::-1][: settings["max_encoded"]].tolist())
        vectors = encoder().encode([text[a:b] for a, b in (spans[i] for i in kept)])
    scores = _scores(vectors, [word_lists[i] for i in kept])
    return [kept[i] for i in diverse(scores, vectors, num, settings["relevance"])]


def _scores(vectors: NDArray[np.float32], word_lists: list[list[str]]) -> NDArray[np.float32]:
    settings = word_list("summary")
    scores = text_rank(vectors)
    for position, found in enumerate(word_lists):
        scores[position] += settings["lead_bonus"] * (1 - position / len(word_lists))
        if len(found) < settings["min_content_words"]:
            scores[position] *= settings["short_factor"]
    return scores
