"""Language, sentences and words, in English and Chinese."""

from __future__ import annotations

import random

import pytest

from orchestrator.language import content_words, has_chinese, language_of, sentences, words


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("One sentence without an end", ["One sentence without an end"]),
        ("First. Second! Third? Fourth", ["First.", "Second!", "Third?", "Fourth"]),
        ("It weighs 3.5 kg. It costs 1.299 EUR.", ["It weighs 3.5 kg.", "It costs 1.299 EUR."]),
        ("Ask Dr. Smith and Prof. Jones. They know.", ["Ask Dr. Smith and Prof. Jones.", "They know."]),
        ("Use a tool, e.g. A wrench. Then stop.", ["Use a tool, e.g. A wrench.", "Then stop."]),
        ("See Fig. 3 and No. 5. They differ.", ["See Fig. 3 and No. 5.", "They differ."]),
        ("J. R. Tolkien wrote it. Read it.", ["J. R. Tolkien wrote it.", "Read it."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("Really?! Yes... No.", ["Really?!", "Yes...", "No."]),
        ("version 2.0 is out. 3 bugs remain.", ["version 2.0 is out.", "3 bugs remain."]),
        ("visit example.com today. Übung macht den Meister.", ["visit example.com today.", "Übung macht den Meister."]),
        ("设备保修两年。请保留发票！可以吗？好；行", ["设备保修两年。", "请保留发票！", "可以吗？", "好；", "行"]),
        ("他说：“停下。”然后走了。", ["他说：“停下。”", "然后走了。"]),
        ("型号 XR-2000 重 3.5 公斤。价格 5 元。", ["型号 XR-2000 重 3.5 公斤。", "价格 5 元。"]),
        ("Intro:\n- first item\n- second item\n", ["Intro:", "- first item", "- second item"]),
        ("# Title\n\nBody text\ngoes on. End.", ["# Title", "Body text\ngoes on.", "End."]),
        ("a\n* one\n• two\n| x | y |", ["a", "* one", "• two", "| x | y |"]),
        ("Mixed 中文句子。English sentence. 再来一句。", ["Mixed 中文句子。", "English sentence.", "再来一句。"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_offsets_are_exact_for_whatever_text() -> None:
    pieces = [
        "The pump", " weighs 3.5 kg", ".", "!", "?", " ", "\n", "\n\n", "\t", "\r\n", "Dr.", "e.g. ", "。",
        "？", "；", "设备", "保修期是", "“", "”", '"', ")", "- item", "# ", "...", "é", "𝕏", "👍🏽", "\u3000", "a", "A",
        "1", "\u00a0", "[1]",
    ]  # fmt: skip
    generator = random.Random(7)
    for _ in range(2000):
        text = "".join(generator.choices(pieces, k=generator.randint(0, 30)))
        spans = sentences(text)
        before = 0
        for start, end in spans:
            assert before <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
            assert text[before:start].strip() == ""
            before = end
        assert text[before:].strip() == ""


def test_a_long_text_is_cut_in_linear_time() -> None:
    import time

    began = time.perf_counter()
    assert len(sentences("A sentence with Dr. Who in it. " * 20_000)) == 20_000
    assert time.perf_counter() - began < 3.0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What does the sign say?", "en"),
        ("设备的保修期是多久？", "zh"),
        ("XR-2000的保修期是多久？", "zh"),
        ("Translate 你好 into English please, thank you very much", "en"),
        ("请把 this sentence 翻译成中文", "zh"),
        ("", "en"),
        ("12345 !?", "en"),
        ("Größe und Gewicht", "en"),
    ],
)
def test_language_of(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "expected"), [("abc", False), ("a中", True), ("日本語", True), ("한국어", False), ("", False)]
)
def test_has_chinese(text: str, expected: bool) -> None:
    assert has_chinese(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The XR-2000's Pump weighs 3.5 kg", ["the", "xr-2000's", "pump", "weighs", "3.5", "kg"]),
        ("XR-2000的保修期", ["xr-2000", "的", "保修", "保修期"]),
        ("设备保修两年", ["设备", "保修", "两年"]),
        ("snake_case and über", ["snake", "case", "and", "über"]),
        ("…!?", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the weight of the pump?", ["weight", "pump"]),
        ("这台设备的保修期是多久？", ["这台", "设备", "保修", "保修期", "多久"]),
        ("a 5 x", ["5"]),
    ],
)
def test_content_words(text: str, expected: list[str]) -> None:
    assert content_words(text) == expected
