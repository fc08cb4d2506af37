"""The embedded text experts; the entry point `text` of the group `baton.experts`. Importing it loads no model."""

from experts.text.entities import entities
from experts.text.key_phrases import KeyPhrases
from experts.text.language import LanguageIdentification
from experts.text.question import text_question
from experts.text.sentiment import SentimentByWords
from experts.text.similarity import TextSimilarity
from experts.text.summary import Summarize
from experts.text.zero_shot import ZeroShotClassification

__all__ = [
    "KeyPhrases",
    "LanguageIdentification",
    "SentimentByWords",
    "Summarize",
    "TextSimilarity",
    "ZeroShotClassification",
    "entities",
    "text_question",
]
