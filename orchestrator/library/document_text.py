"""DocumentText: what a file says, and the blocks from which the formats with a layout make it. Knows no format.

The text is what is stored, hashed and quoted: line ends are "\\n", nothing else is normalised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A heading in a text: half-open offsets of its line, its level from 1, its words."""

    start: int
    end: int
    level: int
    title: str


@dataclass(frozen=True)
class DocumentText:
    """What a file says: the text to store, and what is known about it."""

    title: str
    text: str
    media_type: str = "text/plain"
    page_starts: tuple[int, ...] = ()  # offset of each page's first character; empty where the format has no pages
    headings: tuple[Heading, ...] = ()
    licence: str = ""
    author: str = ""
    access: str = ""


def storable(text: str) -> str:
    """The text with "\\n" line ends and without the characters that a database of UTF-8 text cannot hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")


class Blocks:
    """Collects paragraphs, headings and table rows into one text with blank lines between them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self._length = 0

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)

    def add(self, words: str, heading_level: int = 0) -> None:
        block = storable(" ".join(words.split()))
        if not block:
            return
        start = self._length + 2 if self.parts else 0
        self._length = start + len(block)
        self.parts.append(block)
        if heading_level:
            self.headings.append(Heading(start, self._length, heading_level, block))

    def add_table(self, rows: Iterable[Sequence[str]], header: Sequence[str] | None = None) -> None:
        """One line a row; the first row names the columns where no header is given."""
        for row in rows:
            cells = [" ".join(cell.split()) for cell in row]
            if header is None:
                header = cells
                continue
            names = [*header, *(f"column {i + 1}" for i in range(len(header), len(cells)))]
            pairs = zip(names, cells, strict=False)
            self.add("; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell))
