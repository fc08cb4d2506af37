"""How far a quote supports a sentence, in [0, 1]. Knows no answer; a trained verifier takes its place later."""

from __future__ import annotations

import re

from orchestrator.language import content_words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # 1,200 is 1200, but 1,5 is not 15
_NEGATION = re.compile(r"\b(?:not|no|never|none|without|cannot|n't)\b|n't\b|不|没|未|无", re.IGNORECASE)


def support(sentence: str, quote: str) -> float:
    """The share of the sentence's content words that stand in the quote.

    0 where the sentence states a number that the quote does not have; halved where only one of the two negates.
    """
    sentence, quote = _THOUSANDS.sub("", sentence), _THOUSANDS.sub("", quote)
    if set(_NUMBER.findall(sentence)) - set(_NUMBER.findall(quote)):
        return 0.0
    wanted = content_words(sentence)
    if not wanted:
        return 0.0
    given = set(content_words(quote))
    share = sum(word in given for word in wanted) / len(wanted)
    if bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(quote)):
        share /= 2
    return share
