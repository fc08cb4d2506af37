"""Sentiment of English text by the VADER word list. Knows no other expert but language identification."""

from __future__ import annotations

import functools
import math
from typing import Annotated, Any, NamedTuple

from experts.text.content import content_of
from experts.text.language import detect
from experts.text.wordlist import word_list
from orchestrator import Json, Labels, Text
from orchestrator.errors import BadRequest
from orchestrator.expert import expert
from orchestrator.language import language_of, sentences


class Sentiment(NamedTuple):
    """How a text sounds."""

    labels: Annotated[Labels, "positive, negative, neutral"]
    json: Annotated[Json, "sentiment, sentiment_zh, score in [-1, 1], most_positive and most_negative sentence"]


@expert(
    "sentiment",
    title="Sentiment",
    task="text-classification",
    licence="MIT",
    openness="open-science",
    author="C.J. Hutto and Eric Gilbert",
    model="vaderSentiment",
    training_data="A lexicon of 7,500 entries rated by ten people each (Hutto and Gilbert, ICWSM 2014)",
    limits="Reads English only and knows words, not irony; its probabilities are a fixed function of VADER's score,"
    " not calibrated.",
    examples=(
        "What is the sentiment of this text?",
        "Is this review positive or negative?",
        "What is the sentiment of this customer e-mail?",
        "How does the customer feel about the delivery?",
        "Does the writer sound angry or happy?",
        "Rate the mood of the feedback",
        "这条英文评论是正面的还是负面的?",
        "分析一下这段英文反馈的情感",
        "这封英文邮件的语气是生气还是满意?",
    ),
    says={
        "en": ("The text sounds {sentiment}, with a score of {score:+.2f} on a scale from -1 to +1.",),
        "zh": ("这段文字的情感是{sentiment_zh}的，得分为{score:+.2f}（范围从-1到+1）。",),
    },
)
class SentimentByWords:
    """Tell whether an English text such as a review, a comment or an e-mail is positive, negative or neutral."""

    def load(self, device: str) -> None:
        _analyzer()

    def __call__(self, text: Text) -> Sentiment:
        """Mean of VADER's compound scores of the sentences, each weighted by its length in characters.

        Raises:
            BadRequest: the text is empty or not English.
        """
        characters = content_of(text)
        _must_be_english(characters)
        spans = sentences(characters)
        scores = [_analyzer().polarity_scores(characters[a:b])["compound"] for a, b in spans]
        weights = [b - a for a, b in spans]
        score = sum(s * w for s, w in zip(scores, weights, strict=True)) / sum(weights)
        label = _label(score)
        english, chinese = word_list("sentiment")["names"][label]
        facts = {"sentiment": english, "sentiment_zh": chinese, "score": round(score, 4)}
        for key, chosen in (("most_positive", max(scores)), ("most_negative", min(scores))):
            if abs(chosen) >= word_list("sentiment")["neutral_below"] and (chosen > 0) == (key == "most_positive"):
                start, end = spans[scores.index(chosen)]
                facts[key] = characters[start:end]
        return Sentiment(Labels(probabilities(score)), Json(facts))


def probabilities(score: float) -> dict[str, float]:
    """Of positive, negative and neutral for a compound score in [-1, 1]; they sum to 1."""
    settings = word_list("sentiment")
    heights = {
        "positive": settings["slope"] * score,
        "negative": -settings["slope"] * score,
        "neutral": settings["neutral_height"] - settings["neutral_slope"] * abs(score),
    }
    powers = {label: math.exp(height) for label, height in heights.items()}
    return {label: power / sum(powers.values()) for label, power in powers.items()}


def _label(score: float) -> str:
    if abs(score) < word_list("sentiment")["neutral_below"]:
        return "neutral"
    return "positive" if score > 0 else "negative"


def _must_be_english(text: str) -> None:
    settings = word_list("sentiment")
    code, probability = "zh", 1.0
    if language_of(text) == "en":
        code, probability = next(iter(detect(text).items()))
        if code == "en" or probability < settings["foreign_probability"]:
            return
        if len(text.split()) < settings["foreign_num_words"]:
            return
    language = word_list("languages").get(code, [code])[0]
    raise BadRequest(
        "text",
        text[:40],
        f"English text; this is {language}",
        "The embedded sentiment expert knows English words only: give the text in English, or add a classifier for"
        f" {language} with `baton experts add`.",
    )


@functools.cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
