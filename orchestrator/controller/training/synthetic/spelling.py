"""Requests as people type them: slips of the keyboard, missing capitals and marks. Knows no plan."""

from __future__ import annotations

from random import Random

from orchestrator.controller.training.synthetic.phrases import Mark, Phrase

_NEIGHBOURS = {
    "a": "s", "b": "v", "c": "x", "d": "s", "e": "r", "f": "g", "g": "h", "h": "j", "i": "o", "k": "l", "l": "k",
    "m": "n", "n": "m", "o": "i", "p": "o", "r": "t", "s": "a", "t": "r", "u": "y", "v": "b", "w": "e", "y": "u",
}  # fmt: skip
_SHORT = {
    "please": ("pls", "plz"), "you": ("u",), "thanks": ("thx",), "tomorrow": ("tmrw",), "I'd": ("Id",),
    "don't": ("dont",), "the": ("teh",), "and": ("&", "adn"), "could": ("cud",), "with": ("w/",),
    "for": ("4",), "because": ("cuz",),
}  # fmt: skip
_SHORT_ZH = {
    "帮我": ("帮窝",),
    "请": ("请你",),
    "图片": ("图",),
    "什么": ("啥", "神马"),
    "怎么": ("咋",),
    "一下": ("下",),
}


def misspelt(phrase: Phrase, num_slips: int, rng: Random) -> Phrase:
    """The phrase with slips in its own words; marked values, numbers and file names stay as they are."""
    free = _free(phrase)
    result = list(phrase)
    for position in rng.sample(free, min(num_slips, len(free))):
        text = result[position]
        assert isinstance(text, str)
        result[position] = _slipped(text, rng)
    return result


def _free(phrase: Phrase) -> list[int]:
    depth, found = 0, []
    for i, item in enumerate(phrase):
        if isinstance(item, Mark):
            if isinstance(item.key, tuple) and item.key[0] != "clause":
                depth += 1 if item.opens else -1
        elif depth == 0 and len(item.strip()) > 3 and "." not in item.strip(" .,;:!?"):
            found.append(i)
    return found


def _slipped(text: str, rng: Random) -> str:
    for wrong, right in _SHORT_ZH.items():
        if wrong in text and rng.random() < 0.4:
            return text.replace(wrong, rng.choice(right), 1)
    words = text.split(" ")
    long = [
        i for i, word in enumerate(words) if word in _SHORT or (len(word) > 3 and word.isascii() and word.isalpha())
    ]
    if not long:
        return text
    chosen = rng.choice(long)
    word = words[chosen]
    words[chosen] = rng.choice(_SHORT[word]) if word in _SHORT else _mistyped(word, rng)
    return " ".join(words)


def _mistyped(word: str, rng: Random) -> str:
    i = rng.randrange(1, len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        case 1:
            return word[:i] + word[i + 1 :]
        case 2:
            return word[:i] + word[i] + word[i:]
    return word[:i] + _NEIGHBOURS.get(word[i], word[i]) + word[i + 1 :]


def lowered(phrase: Phrase) -> Phrase:
    """Everything in lower case but file names."""
    depth, result = 0, list(phrase)
    for i, item in enumerate(phrase):
        if isinstance(item, Mark):
            if isinstance(item.key, tuple) and item.key[0] == "file":
                depth += 1 if item.opens else -1
        elif depth == 0:
            result[i] = item.lower()
    return result


def without_marks(phrase: Phrase) -> Phrase:
    """Without the full stop or question mark at the end."""
    for i in range(len(phrase) - 1, -1, -1):
        item = phrase[i]
        if isinstance(item, str) and item.strip():
            return [*phrase[:i], item.rstrip(".!?。？！ "), *phrase[i + 1 :]]
    return phrase
