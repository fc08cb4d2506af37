"""Wording: the words and numbers of wording.toml, compiled once. Knows no request."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any


@functools.cache
def wording() -> Wording:
    """The words by which requests are taken apart."""
    return Wording(tomllib.loads((Path(__file__).parent / "wording.toml").read_text("utf-8")))


class Wording:
    """Compiled patterns, thresholds and sentences."""

    def __init__(self, content: dict[str, Any]) -> None:
        split, reference = content["split"], content["reference"]
        verbs = {"verbs": split["verbs"], "zh_verbs": split["zh_verbs"]}

        def compiled(patterns: list[str]) -> re.Pattern[str]:
            filled = (p.replace("{verbs}", verbs["verbs"]).replace("{zh_verbs}", verbs["zh_verbs"]) for p in patterns)
            return re.compile("|".join(f"(?:{p})" for p in filled), re.IGNORECASE)

        self.thresholds: dict[str, float] = content["thresholds"]
        self.then = compiled(split["then"])
        self.split_and = compiled(split["and"])
        self.lead = re.compile(split["lead"], re.IGNORECASE)
        self.source = re.compile(split["source"], re.IGNORECASE)
        self.announces = re.compile(split["announces"], re.IGNORECASE)
        self.fragment = re.compile(split["fragment"], re.IGNORECASE)
        self.sentence = compiled(split["sentence"])
        self.back = re.compile(reference["back"], re.IGNORECASE)
        self.document = re.compile(reference["document"], re.IGNORECASE)
        self.medium = re.compile(reference["medium"], re.IGNORECASE)
        self.lettering = re.compile(reference["lettering"], re.IGNORECASE)
        self._telling = re.compile(reference["telling"], re.IGNORECASE)
        self.question = re.compile(reference["question"], re.IGNORECASE)
        self.lookup = re.compile(reference["lookup"], re.IGNORECASE)
        self.ordinals = {int(k): re.compile(p, re.IGNORECASE) for k, p in reference["ordinals"].items()}
        self.whole_clause_ports = frozenset(content["ports"]["whole_clause"])
        self.numbers: dict[str, int] = content["numbers"]
        self.reader_tasks: dict[str, list[str]] = content["tasks"]
        self.reading_tasks = frozenset(content["tasks"]["reading"])
        self.lookup_tasks = frozenset(content["tasks"]["lookup"])
        self.questions: dict[str, dict[str, str]] = content["questions"]
        self.kinds: dict[str, dict[str, str]] = content["kinds"]

    def telling_verb(self, instruction: str) -> str | None:
        """The verb that says plainly what is to be done, in lower case; None where the clause begins otherwise."""
        match = self._telling.search(instruction)
        return next(group for group in match.groups() if group).lower() if match is not None else None
