"""Language of a text, its sentences and its words, for English and Chinese alike. Knows no model."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from orchestrator.types import Language

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# Chinese runs and other words apart, so that "XR-2000的保修期" is two words and more, not one.
_OTHER = r"[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
_WORD = re.compile(rf"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|{_OTHER}(?:[.'’\-]{_OTHER})*")
# A sentence ends at 。！？； always, at . ! ? where white space and something that can begin a sentence follow.
_SENTENCE_END = re.compile(
    r"[。！？；]+[”’」』）)]*"
    r"|[.!?]+[\"”’)\]]*(?=\s+[\"“‘(\[]?[A-Z0-9\u00c0-\uffff])|\n\s*\n|\n(?=\s*[-*#•|])"
)
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Fig|Inc|Ltd|Co|vs|approx|e\.g|i\.e|cf|al|Jr|Sr|[A-Z]))\.$")
STOP_WORDS = frozenset((Path(__file__).parent / "stop_words.txt").read_text("utf-8").split())


def language_of(text: str) -> Language:
    """`zh` where a tenth or more of the letters are Chinese characters, else `en`.

    Any other language goes with `en`, whose rules (words between spaces) fit most of them.
    """
    letters = sum(character.isalpha() for character in text)
    return "zh" if letters and len(CHINESE.findall(text)) >= letters / 10 else "en"


def has_chinese(text: str) -> bool:
    """Whether a Chinese character stands in the text."""
    return CHINESE.search(text) is not None


def words(text: str) -> list[str]:
    """Lower-case words in order, Chinese runs segmented by jieba in search mode (words and the words inside them)."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        run = match.group()
        if CHINESE.match(run):
            found.extend(_segmenter().cut_for_search(run))
        else:
            found.append(run.lower())
    return found


def content_words(text: str) -> list[str]:
    """`words` without stop words and single Latin letters."""
    return [w for w in words(text) if w not in STOP_WORDS and (len(w) > 1 or CHINESE.match(w) or w.isdigit())]


def sentences(text: str) -> list[tuple[int, int]]:
    """Half-open offsets of the sentences, white space around them left out; together they hold all other text."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.group().startswith(".") and _ABBREVIATION.search(text, start, match.start() + 1):
            continue
        _append_stripped(spans, text, start, match.end())
        start = match.end()
    _append_stripped(spans, text, start, len(text))
    return spans


def _append_stripped(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


@functools.cache
def _segmenter():  # type: ignore[no-untyped-def]
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer
