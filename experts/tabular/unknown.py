"""Words of a question that nothing in the table explains: what they may mean, and when to refuse. Runs no query."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from experts.tabular.column import Column
from experts.tabular.mention import Mention, QuestionText, stem
from experts.tabular.sheet import Sheet
from experts.tabular.wordlist import word_list
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.language import STOP_WORDS, has_chinese, words

# A word right behind one of these names a place, a time or a thing that the answer is limited to.
_LIMITING = re.compile(r"\b(?:in|for|from|at|by|with|during|of|called|named)\s+$|[“\"'‘「]$", re.I)


def unknown_words(question: QuestionText, covered: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Lower-case words outside the covered spans that are neither stop words nor ignored ones, in order."""
    characters = list(question.text)
    for start, end in covered:
        characters[start:end] = "\n" * (end - start)
    found = []
    for word in words("".join(characters).replace("'s", "")):
        ignored = stem(word) in _ignored() or word in _ignored() or word in STOP_WORDS
        pieces_ignored = has_chinese(word) and all(piece in _ignored() or piece in STOP_WORDS for piece in word)
        if not ignored and not pieces_ignored and (len(word) > 1 or word.isdigit()):
            found.append(word)
    # The segmenter gives long Chinese words and the words inside them: the long ones say it all.
    chinese = [word for word in found if has_chinese(word)]
    inner = {word for word in chinese if any(word != other and word in other for other in chinese)}
    return tuple(dict.fromkeys(word for word in found if word not in inner))


def nearest_column(columns: Sequence[Column], unknown: Sequence[str]) -> tuple[Column | None, tuple[str, ...], float]:
    """The column whose name means what the unknown words say, the words used, and the likeness; None where none does.

    English only: the encoder does not read Chinese.
    """
    limits = word_list("glossary")["limits"]
    named = [column for column in columns if not has_chinese(column.name)]
    latin = [word for word in unknown if not has_chinese(word)]
    if not named or not latin:
        return None, (), 0.0
    phrases = list(dict.fromkeys([" ".join(latin), *latin]))
    vectors = encoder().encode([*phrases, *(column.spoken_name for column in named)])
    likeness = vectors[: len(phrases)] @ vectors[len(phrases) :].T  # (P, D) @ (D, C) -> (P, C)
    row, position = divmod(int(likeness.argmax()), len(named))
    best = float(likeness[row, position])
    others = [float(value) for i, value in enumerate(likeness[row]) if i != position]
    if best < limits["semantic_min"] or (others and best - max(others) < limits["semantic_margin"]):
        return None, (), 0.0
    return named[position], tuple(phrases[row].split()), min(1.0, best)


def check_unknown(sheet: Sheet, question: QuestionText, unknown: Sequence[str], mentions: Sequence[Mention]) -> None:
    """Refuse where an unknown word limits the answer, because an answer on all rows would be wrong.

    Raises:
        BadRequest: names the word and the columns.
    """
    for word in unknown:
        position = question.text.lower().find(word)
        if position < 0:
            continue
        written = question.text[position : position + len(word)]
        before, end = question.text[:position], position + len(word)
        is_name = (written[0].isupper() and bool(before.strip())) or written.isdigit()
        limits = bool(_LIMITING.search(before))
        labels_next = any(
            m.role == "column" and 0 <= m.start - end <= 1 and sheet.column(m.column).is_label for m in mentions
        )
        possessive = question.text[end : end + 1] == "的"
        if is_name or limits or labels_next or possessive:
            raise BadRequest(
                "question",
                written,
                "words that the table holds; it has no such column or value",
                f"The columns are: {', '.join(column.name for column in sheet.columns)}. Use their names and values.",
            )


@functools.cache
def _ignored() -> frozenset[str]:
    listed = word_list("glossary")["ignored"]["words"].split()
    return frozenset([*listed, *map(stem, listed)])
