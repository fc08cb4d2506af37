"""How well cards fit texts: by meaning, by Chinese words, through a cache that may be broken."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.embedding import encoder
from orchestrator.registry.card_index import CardIndex, translated
from orchestrator.types import ExpertCard, Port

OUT = (Port(name="text", kind="text"),)


def card(name: str, description: str = "", *examples: str) -> ExpertCard:
    return ExpertCard(name=name, description=description, examples=examples, outputs=OUT)


CARDS = [
    card(
        "barcodes",
        "Reads barcodes and QR codes in a picture.",
        "What does this QR code say?",
        "Scan the barcode on this label",
        "扫一下这个二维码",
        "读取标签上的条形码",
    ),
    card(
        "summarize",
        "Shortens a text to its most important sentences.",
        "Summarize this article",
        "Give me the gist of this report",
        "总结这篇文章",
        "用三句话概括这份报告",
    ),
    card(
        "transcribe",
        "Writes down what is said in a recording.",
        "What does she say in this recording?",
        "Transcribe the voice message",
        "把这段录音转成文字",
        "这条语音里说了什么？",
    ),
    card(
        "table_facts",
        "Finds the highest, lowest or mean value of a column.",
        "Which month sold most?",
        "哪个月销量最高？",
    ),
    card("nothing_said"),
]


class Letters:
    """An encoder whose vectors count letters, and which counts how many texts it was given."""

    width = 26

    def __init__(self, name: str = "letters") -> None:
        self.name = name
        self.num_texts = 0

    def encode(self, texts: Sequence[str]) -> Any:
        self.num_texts += len(texts)
        counts = np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)


def best(index: CardIndex, text: str) -> str:
    scores = index.scores([text], CARDS)[0]
    return CARDS[int(scores.argmax())].name


@pytest.fixture(scope="module")
def embedded() -> CardIndex:
    return CardIndex(encoder)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("What does this QR code say?", "barcodes"),
        ("read the bar code please", "barcodes"),
        ("Make this report shorter", "summarize"),
        ("Write down what the caller said", "transcribe"),
        ("what is the largest number in the revenue column", "table_facts"),
        ("扫一下这个二维码", "barcodes"),
        ("帮我扫描一下包装上的二维码", "barcodes"),
        ("请总结一下这篇文章", "summarize"),
        ("请把录音转成文字", "transcribe"),
        ("哪个月的销量最低？", "table_facts"),
    ],
)
def test_a_request_finds_the_card_that_serves_it(text: str, name: str, embedded: CardIndex) -> None:
    assert best(embedded, text) == name


def test_scores_are_shares_of_one_for_every_text_and_card(embedded: CardIndex) -> None:
    texts = ["Summarize this article", "总结这篇文章", "", "🙂", "x" * 5000]
    scores = embedded.scores(texts, CARDS)
    assert (scores.shape, scores.dtype) == ((5, 5), np.float32)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores[0, 1] > 0.99  # an example itself
    assert scores[1, 1] > 0.99
    assert embedded.scores([], CARDS).shape == (0, 5)
    assert embedded.scores(["a"], []).shape == (1, 0)


def test_a_text_scores_the_same_alone_and_among_others(embedded: CardIndex) -> None:
    texts = ["Summarize this article", "Scan the barcode", "这条语音里说了什么？"]
    together = embedded.scores(texts, CARDS)
    for row, text in enumerate(texts):
        np.testing.assert_allclose(embedded.scores([text], CARDS)[0], together[row], atol=1e-5)


def test_vectors_of_cards_are_kept_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "vectors" / "cards.npz"
    first = Letters()
    scores = CardIndex(lambda: first, path).scores(["abc"], CARDS)
    num_cards = len(CARDS) + sum(not any("\u4e00" <= c <= "\u9fff" for c in e) for one in CARDS for e in one.examples)
    assert first.num_texts == num_cards + 1
    assert [p.name for p in path.parent.iterdir()] == ["cards.npz"]
    again = Letters()
    np.testing.assert_array_equal(CardIndex(lambda: again, path).scores(["abc"], CARDS), scores)
    assert again.num_texts == 1  # the request alone
    changed = Letters()
    other = [CARDS[0].model_copy(update={"description": "something else"}), *CARDS[1:]]
    CardIndex(lambda: changed, path).scores(["abc"], other)
    assert changed.num_texts == 2


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "cards.npz"
    CardIndex(Letters, path).scores(["abc"], CARDS)
    other = Letters("other")
    CardIndex(lambda: other, path).scores(["abc"], CARDS)
    assert other.num_texts > 2


def whole(path: Path) -> bytes:
    CardIndex(Letters, path).scores(["abc"], CARDS)
    return path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"garbage" * 100,
        lambda data: data[: len(data) // 2],
        lambda data: data[:10],
        lambda data: data[:300] + bytes(200) + data[500:],
    ],
    ids=["empty", "garbage", "cut in half", "cut short", "a hole in it"],
)
def test_a_broken_cache_is_only_a_slower_start(damage: Any, tmp_path: Path) -> None:
    path = tmp_path / "cards.npz"
    data = whole(path)
    expected = CardIndex(Letters, path).scores(["abc"], CARDS)
    path.write_bytes(damage(data))
    np.testing.assert_array_equal(CardIndex(Letters, path).scores(["abc"], CARDS), expected)
    again = Letters()
    CardIndex(lambda: again, path).scores(["abc"], CARDS)
    assert again.num_texts == 1  # it was written anew


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file where a folder should be")
    scores = CardIndex(Letters, tmp_path / "vectors" / "cards.npz").scores(["abc"], CARDS)
    np.testing.assert_array_equal(scores, CardIndex(Letters).scores(["abc"], CARDS))


def test_threads_may_ask_at_once(tmp_path: Path) -> None:
    index = CardIndex(Letters, tmp_path / "cards.npz")
    expected = CardIndex(Letters).scores(["abc"], CARDS)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(index.scores(["abc"], CARDS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for scores in found:
        np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize("text", ["Summarize XR-2000", "", "12 + 3"])
def test_only_chinese_is_translated(text: str) -> None:
    assert translated(text) == text


def test_chinese_becomes_keywords() -> None:
    assert translated("总结这篇文章 XR-2000").split()[-1] == "xr-2000"
    assert "summar" in translated("总结这篇文章")
    assert not any("\u4e00" <= c <= "\u9fff" for c in translated("扫一下这个二维码，谢谢！"))
