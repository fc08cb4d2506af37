"""What every text expert asks of the text that it is given. Knows no expert."""

from __future__ import annotations

from orchestrator import Text
from orchestrator.errors import BadRequest


def content_of(text: Text | str, field: str = "text") -> str:
    """The characters of a text, which must hold a letter or a digit.

    Raises:
        BadRequest: the text is empty, blank, or punctuation only.
    """
    characters = text if isinstance(text, str) else text.text
    if not any(character.isalnum() for character in characters):
        raise BadRequest(
            field,
            characters[:40],
            "a text with a word or more",
            "Put the text into the request, or attach it as a file.",
        )
    return characters


def checked_count(field: str, value: int, largest: int) -> int:
    """A count that lies between 1 and `largest`.

    Raises:
        BadRequest: it does not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise BadRequest(field, value, f"a whole number from 1 to {largest}")
    return value
