"""Bytes of a text file as text, and the sign that separates a table's columns. Knows no artifact.

A few accented letters or Chinese characters are too little for charset-normalizer's statistics (it takes "Größe" for
Arabic and a short line of GB18030 for Korean), so short texts are first tried as the two most likely encodings.
"""

from __future__ import annotations

import csv
import re

from orchestrator.errors import BadRequest

_FEW_BYTES = 64  # non-ASCII bytes below which the statistics of charset-normalizer say little
_WESTERN_SIGNS = frozenset("€‚„…‘’“”•–—™¡£§©«®°±²³´µ·»¼½¾¿×÷\u00a0")
_SEPARATORS = (",", ";", "\t", "|")


def decode_text(data: bytes, name: str) -> str:
    """Text of a file in UTF-8, UTF-16, GB18030, Windows-1252 or the encoding that charset-normalizer finds.

    Raises:
        BadRequest: no encoding fits, so the file is probably not text.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    likely = _as_short_chinese(data) or _as_short_western(data)
    if likely is not None:
        return likely
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None or (b"\x00" in data and not best.encoding.startswith("utf")):
        raise BadRequest(
            "files", name or "the text", "text in a known encoding", "Save the file as UTF-8 and attach it again."
        )
    return str(best).removeprefix("\ufeff")


def _as_short_chinese(data: bytes) -> str | None:
    """The text where it is a short one in GB2312 whose characters are mostly of its level 1, the 3,755 common ones."""
    pairs = re.findall(rb"[\xa1-\xf7][\xa1-\xfe]", data)
    if b"\x00" in data or not pairs or len(pairs) * 2 != _num_high(data) or len(pairs) * 2 >= _FEW_BYTES:
        return None
    characters = [pair for pair in pairs if pair[0] >= 0xB0]
    if sum(pair[0] <= 0xD7 for pair in characters) < 0.8 * len(characters) or not characters:
        return None
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return None


def _as_short_western(data: bytes) -> str | None:
    """The text where it is a short one in Windows-1252: accents here and there among plain letters."""
    if b"\x00" in data or _num_high(data) >= _FEW_BYTES:
        return None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    high = [character for character in text if ord(character) > 127]
    letters = [character for character in high if character not in _WESTERN_SIGNS]
    if not all("À" <= character <= "ÿ" or character in "ŠšŽžŒœŸ" for character in letters):
        return None
    num_plain = sum(character.isascii() and character.isalpha() for character in text)
    return text if num_plain > len(letters) and not any(c < " " and not c.isspace() for c in text) else None


def _num_high(data: bytes) -> int:
    return sum(byte > 127 for byte in data)


def separator_of(text: str) -> str:
    """The sign between a table's columns: the one that cuts its first rows into the most columns, equally many each.

    Where the rows differ, the header decides; a header without any of them is that of a single column.
    """
    head = text[:20_000].splitlines()[:20]
    best, most = "", 1
    for separator in _SEPARATORS:
        widths = {len(row) for row in csv.reader(head, delimiter=separator) if row}
        if len(widths) == 1 and max(widths) > most:
            best, most = separator, max(widths)
    if best or not head:
        return best or ","
    counts = {separator: head[0].count(separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: counts[separator])
    return best if counts[best] else "\x1f"  # never in a text: commas in the cells of a single column do not count
