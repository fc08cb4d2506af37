"""Chunking: whole sentences packed into parts of a document, by exact offsets. Knows no file and no database."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.language import sentences
from orchestrator.library.document_text import DocumentText, Heading

# MiniLM reads 256 tokens, about 180 English words; a Chinese character carries about as much as 0.43 words.
TARGET_WORDS = 150.0
MIN_WORDS = 40.0  # a section shorter than this shares a chunk with the next
MAX_OVERLAP_WORDS = 45.0
_WORDS_A_CHINESE_CHARACTER = 0.43
_CHARACTERS_A_WORD = 8  # bounds what a run without spaces (Thai, a URL, base64) counts
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True)
class Chunk:
    """A part of a text: `text[start:end]`, and the headings above it, which are indexed with it but not part of it."""

    start: int
    end: int
    context: str


def chunks_of(document: DocumentText) -> list[Chunk]:
    """The document in chunks of about TARGET_WORDS, in order; every sentence stands whole in one of them.

    A chunk that goes on where another ended repeats its last sentence; a new section or page begins a new chunk.
    """
    chunks: list[Chunk] = []
    unit: list[tuple[int, int]] = []  # spans of the sentences in the chunk that is being filled
    num_words = 0.0
    place = (0, 0)
    for section_start, section_end in _sections(document):
        for span in _pieces(document.text, section_start, section_end):
            before, place = place, (section_start, bisect_right(document.page_starts, span[0]))
            span_words = word_count(document.text[slice(*span)])
            if place != before and num_words >= MIN_WORDS:
                chunks.append(_chunk(document, unit))
                unit, num_words = [], 0.0
            elif unit and num_words + span_words > TARGET_WORDS:
                chunks.append(_chunk(document, unit))
                last = unit[-1]
                last_words = word_count(document.text[slice(*last)])
                repeat = last_words <= MAX_OVERLAP_WORDS and place == before
                unit, num_words = ([last], last_words) if repeat else ([], 0.0)
            unit.append(span)
            num_words += span_words
    if unit:
        chunks.append(_chunk(document, unit))
    return chunks


def word_count(text: str) -> float:
    """How many words a text counts for: English words, Chinese characters by weight, long runs by length."""
    by_words = len(_WORD.findall(text)) + len(_CHINESE.findall(text)) * _WORDS_A_CHINESE_CHARACTER
    return max(by_words, len(text) / _CHARACTERS_A_WORD)


def _sections(document: DocumentText) -> Iterator[tuple[int, int]]:
    starts = [0, *(heading.start for heading in document.headings), len(document.text)]
    for start, end in itertools.pairwise(starts):
        if document.text[start:end].strip():
            yield start, end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a section; one longer than TARGET_WORDS is cut at white space, or anywhere where it has none."""
    for first, last in sentences(text[start:end]):
        piece, stop = start + first, start + last
        while word_count(text[piece:stop]) > TARGET_WORDS:
            ratio = TARGET_WORDS / word_count(text[piece:stop])
            cut = piece + max(1, int((stop - piece) * ratio))
            space = max(text.rfind(" ", piece, cut), text.rfind("\n", piece, cut))
            cut = space if space > piece else cut
            yield piece, cut
            piece = cut
            while piece < stop and text[piece].isspace():
                piece += 1
        if piece < stop:
            yield piece, stop


def _chunk(document: DocumentText, unit: Sequence[tuple[int, int]]) -> Chunk:
    start, end = unit[0][0], unit[-1][1]
    path: list[Heading] = []
    for heading in document.headings:
        if heading.start > start:
            break
        path = [above for above in path if above.level < heading.level]
        if heading.start < start:
            path.append(heading)
    titles = [document.title, *(heading.title for heading in path)]
    return Chunk(start, end, " > ".join(dict.fromkeys(titles)))
