"""Word lists, phrases and thresholds: the TOML files next to the tabular experts. Knows not what they are for."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any


@functools.cache
def word_list(name: str) -> dict[str, Any]:
    """The content of `<name>.toml` in this folder, read once a process; the caller must not change it."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))
