"""Unit: the units of units.toml, how one becomes another, and where a text names them. Knows nothing of Baton."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Unit:
    """A unit of measure: base = factor * value + offset."""

    dimension: str
    factor: float
    offset: float
    names: tuple[str, ...]
    zh: tuple[str, ...]

    def spoken(self, value: float, chinese: bool) -> str:
        """A quantity in words: `5 miles`, `5 英里`."""
        number = readable(value)
        return f"{number} {self.zh[0]}" if chinese else f"{number} {self.names[0 if number == '1' else 1]}"


@dataclass(frozen=True)
class Quantity:
    """A number of a unit."""

    value: float
    unit: Unit

    def to(self, unit: Unit) -> Quantity:
        """The same in another unit of its dimension.

        Raises:
            ValueError: units of two dimensions, or less than nothing of what cannot be negative.
        """
        if unit.dimension != self.unit.dimension:
            raise ValueError(f"{self.unit.names[1]} measure {self.unit.dimension}, {unit.names[1]} {unit.dimension}")
        base = self.unit.factor * self.value + self.unit.offset
        if self.unit.dimension == "temperature" and base < -1e-9:
            raise ValueError(f"{self.unit.spoken(self.value, False)} lies below absolute zero")
        return Quantity((base - unit.offset) / unit.factor, unit)


@functools.cache
def all_units() -> tuple[Unit, ...]:
    """The units of units.toml."""
    table = tomllib.loads(files(__package__).joinpath("units.toml").read_text(encoding="utf-8"))
    return tuple(
        Unit(row["dimension"], row["factor"], row.get("offset", 0.0), tuple(row["names"]), tuple(row["zh"]))
        for row in table["unit"]
    )


def units_named(text: str) -> list[tuple[int, int, Unit]]:
    """Where units stand in a text: half-open offsets and the unit, in order, the longest name winning."""
    return [
        (match.start(), match.end(), unit)
        for match in _unit_pattern().finditer(text)
        if (unit := _unit_of(match.group())) is not None
    ]


def quantity_in(text: str) -> tuple[int, Quantity] | None:
    """The first number with a unit right behind it, and where that ends."""
    for start, end, unit in units_named(text):
        before = re.search(
            r"(?<![A-Za-z0-9.,])(-|−|minus |零下)?(\d[\d,]*\.?\d*|a|an|one|half a|[一二两三四五六七八九十])\s*$",
            text[:start],
        )
        if before is not None:
            sign = -1.0 if before.group(1) else 1.0
            return end, Quantity(sign * _number(before.group(2)), unit)
    return None


def readable(value: float) -> str:
    """A number with six significant figures, without trailing zeros or an exponent: `8.04672`, `1,234.5`."""
    if value == 0:
        return "0"
    digits = max(0, 5 - len(str(int(abs(value)))) + 1)
    if abs(value) < 1:
        return f"{value:.6g}" if abs(value) >= 1e-4 else f"{value:.3e}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str) -> float:
    words = {"a": 1.0, "an": 1.0, "one": 1.0, "half a": 0.5, "两": 2.0}
    if text in words:
        return words[text]
    if text in "一二三四五六七八九十":
        return float("一二三四五六七八九十".index(text) + 1)
    return float(text.replace(",", ""))


@functools.cache
def _spellings() -> dict[str, Unit]:
    return {name: unit for unit in all_units() for name in (*unit.names, *unit.zh)}


def _unit_of(name: str) -> Unit | None:
    """Symbols mind their case (kJ, K, F), words do not."""
    lowered = {spelling.lower(): unit for spelling, unit in _spellings().items() if len(spelling) > 2}
    return _spellings().get(name) or lowered.get(name.lower())


@functools.cache
def _unit_pattern() -> re.Pattern[str]:
    latin = sorted((n for u in all_units() for n in u.names), key=len, reverse=True)
    chinese = sorted((n for u in all_units() for n in u.zh), key=len, reverse=True)
    # A Latin name may follow a number directly (5km) but no letter, and ends where no letter or figure goes on.
    words = "|".join(f"(?i:{re.escape(name)})" if len(name) > 2 else re.escape(name) for name in latin)
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z0-9²])|{'|'.join(map(re.escape, chinese))}")
