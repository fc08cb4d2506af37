"""Strings: what the chat says, in English and Chinese, from strings.toml. Knows no component."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from orchestrator.types import Language

Strings = Mapping[str, str]


@cache
def all_strings() -> dict[Language, dict[str, str]]:
    """Every text of the interface, by language and key."""
    loaded: dict[Language, dict[str, str]] = tomllib.loads(
        Path(__file__).with_name("strings.toml").read_text(encoding="utf-8")
    )  # type: ignore[assignment]
    return loaded


def strings_for(accept_language: str | None) -> Strings:
    """The texts in the language that the browser asks for first: Chinese, or else English."""
    language: Language = "zh" if (accept_language or "").strip().lower().startswith("zh") else "en"
    return all_strings()[language]
