"""Line: a recognised piece of text with its box, and the order in which many are read. Knows no recogniser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# A gap between columns counts only where both sides hold running text; a price list has short pieces and stays in rows.
_MIN_COLUMN_LINES = 3
_MIN_COLUMN_CHARACTERS = 12


@dataclass(frozen=True)
class Line:
    """A piece of text with the recogniser's confidence in [0, 1] and its upright box in pixels, edges included."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height_px(self) -> float:
        return self.bottom - self.top

    @property
    def middle_y(self) -> float:
        return (self.top + self.bottom) / 2


def in_reading_order(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines as rows from top to bottom, each from left to right; columns of running text one after the other."""
    columns = _columns(lines)
    if columns:
        return [row for column in columns for row in in_reading_order(column)]
    return _rows(lines)


def joined(rows: Sequence[Sequence[Line]]) -> str:
    """The text of the rows: a space between the pieces of a row, a line break between rows."""
    return "\n".join(" ".join(line.text.strip() for line in row) for row in rows)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle_y):
        row = rows[-1] if rows else []
        near = row and abs(line.middle_y - _mean_middle(row)) < 0.5 * min(line.height_px, row[0].height_px)
        if near and not any(_one_above_the_other(line, other) for other in row):
            row.append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _mean_middle(row: Sequence[Line]) -> float:
    return sum(line.middle_y for line in row) / len(row)


def _one_above_the_other(line: Line, other: Line) -> bool:
    """Whether two boxes share a third of the narrower one's width: lines of a slanted sign, not pieces of one row."""
    shared = min(line.right, other.right) - max(line.left, other.left)
    return shared > min(line.right - line.left, other.right - other.left) / 3


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    """Left and right column where a blank strip, one line high or wider, parts two blocks of running text."""
    if len(lines) < 2 * _MIN_COLUMN_LINES:
        return []
    min_gap_px = 0.8 * median(line.height_px for line in lines)
    by_left = sorted(lines, key=lambda line: line.left)
    reached = by_left[0].right
    for index, line in enumerate(by_left[1:], start=1):
        sides = (by_left[:index], by_left[index:])
        if line.left - reached >= min_gap_px and all(_is_running_text(side) for side in sides):
            return [list(side) for side in sides]
        reached = max(reached, line.right)
    return []


def _is_running_text(lines: Sequence[Line]) -> bool:
    # A Chinese character carries about as much as two Latin letters, in width as in content.
    width = median(len(line.text) + sum(ord(c) > 0x2E80 for c in line.text) for line in lines)
    return len(lines) >= _MIN_COLUMN_LINES and width >= _MIN_COLUMN_CHARACTERS
