"""Phrases: the words of phrases.toml, compiled once. Knows no conversation."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

from orchestrator.artifact import ArtifactKind
from orchestrator.language import has_chinese


@functools.cache
def phrases() -> Phrases:
    """The words by which a turn leans on an earlier one."""
    return Phrases(tomllib.loads((Path(__file__).parent / "phrases.toml").read_text("utf-8")))


class Phrases:
    """Compiled patterns, word lists and sentences."""

    def __init__(self, content: dict[str, Any]) -> None:
        again, result, argument = content["again"], content["result"], content["argument"]
        self._parts = content["target"]
        self._strips = [self._compiled(content["strip"][key]) for key in ("lead", "zh_lead", "trail")]
        self._again = [self._compiled(pattern) for pattern in again["patterns"]]
        self.everything = self._compiled(again["everything"])
        self.other = self._compiled(again["other"])
        self.following = self._compiled(again["following"])
        self.this = self._compiled(again["this"])
        self._ordinals = {int(k): self._compiled(pattern) for k, pattern in again["ordinals"].items()}
        self._kinds = {kind: self._compiled(pattern) for kind, pattern in again["kinds"].items()}
        self._filler = self._compiled(content["reply"]["filler"])
        self._withdrawn = self._compiled(content["reply"]["withdrawn"])
        self._back, self._empty = self._compiled(result["back"]), self._compiled(result["empty"])
        self.medium = self._compiled(result["medium"])
        self.around = self._compiled(argument["around"])
        self.shapes = [self._compiled(pattern) for pattern in argument["shapes"]]
        self.instruction_ports = frozenset(argument["instruction_ports"])
        self.language_port = self._compiled(argument["language_port"])
        self.relative: dict[str, float] = argument["relative"]
        self.counters: dict[str, str] = argument["counters"]
        self.siblings: dict[str, list[str]] = argument["siblings"]
        self.languages: dict[str, list[str]] = argument["languages"]
        self.of_the_result: dict[str, str] = argument["of_the_result"]
        self.numbers: dict[str, int] = content["numbers"]
        self.names: dict[str, str] = content["names"]
        self.questions: dict[str, dict[str, str]] = content["questions"]
        self.thresholds: dict[str, int] = content["thresholds"]

    def core(self, text: str) -> str:
        """The text without what may stand before and behind it: "And the second one, please?" is "the second one".

        A text that is too long to be made of such words alone stays as it is.
        """
        text = text.strip()
        for strip in self._strips if self.is_short(text) else ():
            text = strip.sub("", text).strip(" ,，")
        return text

    def says_again(self, text: str) -> bool:
        """Whether the whole turn asks for an earlier plan once more."""
        core = self.core(text)
        return bool(core) and self.is_short(core) and any(pattern.fullmatch(core) for pattern in self._again)

    def is_filler(self, text: str) -> bool:
        """Whether the turn's words bring nothing of their own along with its file."""
        core = self.core(text)
        return self.is_short(core) and self._filler.fullmatch(core) is not None

    def is_short(self, text: str) -> bool:
        """Whether the text can be made of the words of a follow-up alone."""
        return len(text) <= self.thresholds["max_characters"]

    def is_withdrawn(self, text: str) -> bool:
        return self._withdrawn.search(self.core(text)) is not None

    def refers_back(self, text: str) -> bool:
        """Whether a word of the turn stands for something before it."""
        return self._back.search(self._empty.sub(" ", text)) is not None

    def ordinal(self, text: str) -> int | None:
        """The position that is named: 1 for "the second", -1 for "the last"."""
        return next((k for k, pattern in self._ordinals.items() if pattern.search(text)), None)

    def kind(self, text: str) -> ArtifactKind | None:
        """The kind of file that a noun or a measure word says."""
        return next((k for k, pattern in self._kinds.items() if pattern.search(text)), None)

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        for _ in range(3):  # parts stand in parts
            for name, part in self._parts.items():
                pattern = pattern.replace(f"{{{name}}}", part)
        return re.compile(pattern, re.IGNORECASE)


def word_pattern(word: str) -> re.Pattern[str]:
    """The word alone: between word boundaries where it is written in letters, anywhere where it is Chinese."""
    return re.compile(re.escape(word) if has_chinese(word) else rf"\b{re.escape(word)}\b", re.IGNORECASE)
