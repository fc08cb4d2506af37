"""Segments: a request cut where it may go on to ask for another thing. Pure; knows no card.

Rules in the way of discourse segmentation (Carlson, Marcu and Okurowski 2001, "elementary discourse units"): the text
is cut at the ends of sentences and at joints such as "and" and ",", and a piece that asks for nothing goes with the
piece beside it. `clauses` are coarser: the rules read those one by one.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from orchestrator.controller.clauses import Piece, marked_quotes, masked
from orchestrator.language import CHINESE

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_SHORTEST_PAYLOAD = 12  # code points behind a colon
_MASKS = ("\ue000", "\ue001")  # what stands for quotes and file names
_CHINESE_SHARE = 1 / 3  # of Chinese characters to Latin letters


class Says(Enum):
    """What a piece of a request says."""

    NOTHING = 0
    WISH = 1  # a wish, which the next sentence may only put as a request
    REQUEST = 2


@dataclass(frozen=True)
class _Cut:
    """A piece between two joints."""

    start: int
    end: int
    opens: bool  # a sentence
    says: Says
    repeats: bool  # it may put as a request what was wished before it


def segments_of(text: str) -> tuple[tuple[int, int], ...]:
    """Where the segments stand, in code points; one at least for a text that says anything."""
    if not text.strip():
        return ()
    found: list[tuple[int, int]] = []
    waits: int | None = None  # where a piece begins that goes with the next one
    is_wish = False
    for cut in _cuts(text):
        if cut.says == Says.NOTHING:
            if found and waits is None and not cut.opens:
                found[-1] = (found[-1][0], cut.end)
            elif waits is None:
                waits = cut.start
        elif found and waits is None and is_wish and cut.repeats:
            found[-1] = (found[-1][0], cut.end)
            is_wish = False
        else:
            found.append((cut.start if waits is None else waits, cut.end))
            waits = None
            is_wish = cut.says == Says.WISH and (cut.opens or is_wish)
    if not found:
        return ((0, len(text)),)
    if waits is not None:
        found[-1] = (found[-1][0], len(text))
    return tuple(found)


def _cuts(text: str) -> Iterator[_Cut]:
    """The pieces between the joints, without those that are empty."""
    words = _words()
    hidden = masked(text, _quotes(text))
    is_chinese = len(CHINESE.findall(hidden)) > _CHINESE_SHARE * len(re.findall(r"[A-Za-z]", hidden))
    joints = words.chinese_joints if is_chinese else words.joints
    begin, opens, joint = 0, True, ""
    for match in [*joints.finditer(hidden), None]:
        end = len(hidden) if match is None else match.start()
        piece = hidden[begin:end].strip()
        if piece:
            said = words.said_in_chinese(piece) if is_chinese else words.said_in_english(piece, joint, opens)
            repeats = words.repeats(piece, joint, opens) and said == Says.REQUEST
            yield _Cut(begin, end, opens, said, repeats)
        if match is not None:
            begin, opens, joint = match.end(), match["sentence"] is not None, match.group()


def _quotes(text: str) -> tuple[Piece, ...]:
    """What stands in quotes, or behind a colon that announces a text."""
    quotes = marked_quotes(text)
    announced = None if quotes else _words().announces.search(text)
    if announced is None or len(text) - announced.end() < _SHORTEST_PAYLOAD:
        return quotes
    return (Piece(announced.end(), len(text), text[announced.end() :]),)


@functools.cache
def _words() -> _Words:
    return _Words(tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")))


class _Words:
    """The words of segments.toml, compiled once."""

    def __init__(self, content: dict[str, Any]) -> None:
        english, chinese = content["english"], content["chinese"]

        def compiled(name: str) -> re.Pattern[str]:
            return re.compile(english[name], re.IGNORECASE)

        self.joints = _joints(english)
        self.chinese_joints = _joints(chinese)
        self.announces, self._further = compiled("announces"), compiled("further")
        self._lead, self._request, self._question = compiled("lead"), compiled("request"), compiled("question")
        self._relative, self._wish, self._wish_within = compiled("relative"), compiled("wish"), compiled("wish_within")
        self._ground, self._empty = compiled("ground"), compiled("empty")
        self._before_participle, self._before_gerund = compiled("before_participle"), compiled("before_gerund")
        self._verbs = frozenset(english["verbs"].split())
        self._gerunds = frozenset(form for verb in self._verbs for form in _inflected(verb, "ing"))
        formed = frozenset(form for verb in self._verbs for form in _inflected(verb, "ed"))
        self._participles = formed | frozenset(english["participles"].split())
        self._nouns, self._objects = frozenset(english["nouns"].split()), frozenset(english["objects"].split())
        self._sure_objects = frozenset(english["sure_objects"].split())
        self._never_verbs = frozenset(english["never_verbs"].split())
        self._asks, self._chinese_ground = re.compile(chinese["asks"]), re.compile(chinese["ground"])

    def repeats(self, piece: str, joint: str, opens: bool) -> bool:
        """Whether a request may only say again what was wished before it; arguments as of `said_in_english`."""
        if opens:
            return self._further.match(piece) is None
        return joint.strip() == "," and self._request.match(piece) is not None

    def said_in_chinese(self, piece: str) -> Says:
        """What a piece says, by its text with quotes and file names masked."""
        asks = self._asks.search(piece) is not None and self._chinese_ground.match(piece) is None
        return Says.REQUEST if asks else Says.NOTHING

    def said_in_english(self, piece: str, joint: str, opens: bool) -> Says:
        """What a piece says.

        Args:
            piece: its text, quotes and file names masked.
            joint: what stands before it.
            opens: whether it opens a sentence.
        """
        lead = self._lead.match(piece)
        rest = piece[lead.end() :] if lead is not None else piece
        if opens and lead is None and self._ground.match(piece):
            return Says.WISH if self._wish_within.search(piece) else Says.NOTHING
        if not rest or self._empty.match(rest) or (joint.startswith(",") and self._relative.match(piece)):
            return Says.NOTHING
        if self._wish.match(rest) and not self._request.match(rest):
            return Says.WISH
        asks = self._request.match(rest) or self._question.match(rest) or self._instructs(rest, joint, opens)
        return Says.REQUEST if asks else Says.NOTHING

    def _instructs(self, text: str, joint: str, opens: bool) -> bool:
        """Whether a text begins with a verb that instructs."""
        match = _WORD.match(text)
        if match is None:
            return False
        verb = match.group().lower()
        behind = text[match.end() :].lstrip()
        following = _WORD.match(behind)
        next_word = "" if following is None else following.group().lower()
        is_masked = behind.startswith(_MASKS)
        if verb in self._verbs:
            return opens or verb not in self._nouns or next_word in self._objects or is_masked
        if verb in self._participles:
            return not opens and self._before_participle.search(joint) is not None
        if verb in self._gerunds:
            return opens or self._before_gerund.search(joint) is not None
        if verb in self._never_verbs or verb.endswith("s"):
            return False
        goes_on = opens or self._before_participle.search(joint) is not None
        return goes_on and (next_word in self._sure_objects or (opens and is_masked))


def _joints(words: dict[str, str]) -> re.Pattern[str]:
    return re.compile(f"(?P<sentence>{words['sentence']})|{words['joint']}", re.IGNORECASE)


def _inflected(verb: str, ending: str) -> set[str]:
    """A verb with "ed" or "ing", in the ways in which it may be written."""
    if verb.endswith("e"):
        return {verb[:-1] + ending}
    if verb.endswith("y") and verb[-2] not in "aeiou" and ending == "ed":
        return {verb[:-1] + "ied"}
    doubled = re.search(r"[^aeiou][aeiou][bdglmnprt]$", verb)
    return {verb + ending, verb + verb[-1] + ending} if doubled else {verb + ending}
