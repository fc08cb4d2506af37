"""Requests taken apart: clauses, quotes, lists, numbers, file names, in English and Chinese."""

from __future__ import annotations

import random
import time

import pytest

from orchestrator.controller.clauses import Clause, clauses_of, file_names_in, quotes_in


def texts(request: str) -> list[str]:
    return [clause.piece.text for clause in clauses_of(request)]


def only(request: str) -> Clause:
    (clause,) = clauses_of(request)
    return clause


@pytest.mark.parametrize(
    ("request_text", "clauses"),
    [
        ("What does the sign say?", ["What does the sign say?"]),
        (
            "Transcribe the recording, then summarise it and read the summary aloud.",
            ["Transcribe the recording", "summarise it", "read the summary aloud."],
        ),
        ("Read the barcode and tell me the size.", ["Read the barcode", "tell me the size."]),
        ("Describe the black and white picture", ["Describe the black and white picture"]),
        ("Read it. Summarise it! Who wrote it?", ["Read it.", "Summarise it!", "Who wrote it?"]),
        ("First line\nsecond line", ["First line", "second line"]),
        ("Translate “Good morning. How are you?” into German", ["Translate “Good morning. How are you?” into German"]),
        ("Summarise this: It weighs 4 kg. It is red.", ["Summarise this: It weighs 4 kg. It is red."]),
        ("把录音转成文字，然后总结一下，最后朗读出来。", ["把录音转成文字", "总结一下", "朗读出来。"]),
        ("图里写了什么？主色是什么？", ["图里写了什么？", "主色是什么？"]),
        ("Is there a deposit? How much?", ["Is there a deposit? How much?"]),
        ("要押金吗？多少钱？然后读出来", ["要押金吗？多少钱？", "读出来"]),
        ("Read the sign. How much is it?", ["Read the sign.", "How much is it?"]),
        ("", []),
        (" \n ", []),
        ("?!", []),
    ],
)
def test_clauses(request_text: str, clauses: list[str]) -> None:
    assert texts(request_text) == clauses


@pytest.mark.parametrize(
    ("request_text", "asked"),
    [
        ("According to the attached contract, how long is the notice period?", "how long is the notice period?"),
        ("Based on the second report: what did it cost?", "what did it cost?"),
        ("根据附件回答：新馆的藏书有多少册？", "新馆的藏书有多少册？"),
        ("请根据合同，保修期多长？", "保修期多长？"),
        ("In the contract it says how long", "In the contract it says how long"),
        ("In Rome, what does it cost?", "In Rome, what does it cost?"),
    ],
)
def test_where_to_look_is_no_part_of_the_question(request_text: str, asked: str) -> None:
    piece = only(request_text).asked
    assert piece.text == asked == request_text[piece.start : piece.end]


def test_what_is_announced_behind_a_colon_is_no_text() -> None:
    assert quotes_in("I need two things from this report: a summary of it, and all its dates") == ()
    assert quotes_in("有两件事：请先总结这份报告，再把摘要朗读出来") == ()
    assert [quote.text for quote in quotes_in("Summarise this report: it rained all day")] == ["it rained all day"]


def test_a_clause_says_whether_it_follows_another() -> None:
    first, second, third = clauses_of("Transcribe it, then summarise the talk. Plot the sales")
    assert [first.is_after, second.is_after, third.is_after] == [False, True, False]
    assert [second.refers_back, third.refers_back] == [True, False]
    assert [c.is_after for c in clauses_of("转写录音，然后总结")] == [False, True]


@pytest.mark.parametrize(
    ("request_text", "flags"),
    [
        ("What does it cost?", "back question"),
        ("Read the summary aloud", "back"),
        ("How long is the warranty in our manual?", "question lookup"),
        ("XR-2000 最大能承受多大的工作压力", "question"),
        ("Plot the sales", ""),
        ("保修期多久？", "question lookup"),
        ("把它读出来", "back"),
        ("根据手册，压力是多少？", "question lookup"),
    ],
)
def test_what_a_clause_is(request_text: str, flags: str) -> None:
    found = clauses_of(request_text)
    shown = {
        "back": any(c.refers_back for c in found),
        "question": any(c.is_question for c in found),
        "lookup": any(c.wants_lookup for c in found),
    }
    assert " ".join(flag for flag, value in shown.items() if value) == flags


@pytest.mark.parametrize(
    ("request_text", "ordinal"),
    [
        ("Describe the second photo", 1),
        ("the 1st one", 0),
        ("Read the last page", -1),
        ("第三张图里有什么？", 2),
        ("最后一张", -1),
        ("Describe the photo", None),
        ("wait a second photo", 1),
    ],
)
def test_ordinals(request_text: str, ordinal: int | None) -> None:
    assert only(request_text).ordinal == ordinal


@pytest.mark.parametrize(
    ("request_text", "numbers"),
    [
        ("Give me 3 sentences", (3.0,)),
        ("Give me three sentences", (3.0,)),
        ("between 2.5 and -7 degrees", (2.5, -7.0)),
        ("the XR-2000 model", ()),
        ("version 1.2.3", ()),
        ("总结成两句话", (2.0,)),
        ("用3句话总结", (3.0,)),
        ("no number", ()),
        ("Say “5 apples” loudly", ()),
    ],
)
def test_numbers(request_text: str, numbers: tuple[float, ...]) -> None:
    assert only(request_text).numbers == numbers


@pytest.mark.parametrize(
    ("request_text", "quotes"),
    [
        ('Translate "good morning" please', ["good morning"]),
        ("Translate “good morning” and ‘good night’", ["good morning", "good night"]),
        ("Compare 'one two' with 'three four'", ["one two", "three four"]),
        ("Don't touch the dog's bowl", []),
        ("翻译“早上好”和「晚安」", ["早上好", "晚安"]),
        ("《红楼梦》是谁写的？", ["红楼梦"]),
        ("Explain ```x = 1\ny = 2```", ["x = 1\ny = 2"]),
        ("Summarise this: The pump weighs 4 kg. It is red.", ["The pump weighs 4 kg. It is red."]),
        ("请总结：水泵重四公斤，颜色是红色的，请勿空转。", ["水泵重四公斤，颜色是红色的，请勿空转。"]),
        ("See http://example.com/a-long-page", []),
        ("At 10:30", []),
        ("Note: short", []),
    ],
)
def test_quotes(request_text: str, quotes: list[str]) -> None:
    found = quotes_in(request_text)
    assert [piece.text for piece in found] == quotes
    assert all(request_text[piece.start : piece.end] == piece.text for piece in found)


def test_what_is_quoted_is_no_instruction() -> None:
    clause = only("Translate “then plot report.pdf and read it?” into German")
    assert clause.instruction == "Translate “the text” into German"
    assert (clause.is_question, clause.refers_back, clause.numbers) == (False, False, ())
    assert only("Summarize report.pdf").instruction == "Summarize the file"


@pytest.mark.parametrize(
    ("request_text", "items"),
    [
        ("Classify this ticket as billing, delivery or praise", ("billing", "delivery", "praise")),
        ("Sort the mail into spam and ham", ("spam", "ham")),
        ("Is it positive or negative?", ("positive", "negative")),
        ("Label it as urgent / later / never or unclear: “Call me!”", ("urgent", "later", "never", "unclear")),
        ("把这条评论分为正面、负面或中性", ("正面", "负面", "中性")),
        ("这是投诉还是表扬？", ("投诉", "表扬")),
        ("Read the sign and the label", ()),
        ("Plot sales and costs", ()),
    ],
)
def test_lists_of_labels(request_text: str, items: tuple[str, ...]) -> None:
    assert [c.items for c in clauses_of(request_text) if c.items] == ([items] if items else [])


@pytest.mark.parametrize(
    ("request_text", "names"),
    [
        ("Read sign.jpg and talk.wav", [("sign.jpg", "image"), ("talk.wav", "audio")]),
        ("Summarize docs/my-report_2.pdf.", [("docs/my-report_2.pdf", "file")]),
        ("总结 report.docx，谢谢", [("report.docx", "file")]),
        ("Ask example.com or e.g. Bob at 3.5", []),
        ("It ends.Then it goes on", []),
    ],
)
def test_file_names(request_text: str, names: list[tuple[str, str]]) -> None:
    found = file_names_in(request_text)
    assert [(name.piece.text, name.kind) for name in found] == names
    assert all(request_text[name.piece.start : name.piece.end] == name.piece.text for name in found)


def test_offsets_are_exact_for_whatever_text() -> None:
    pieces = [
        "read ", "the sign", ", then ", " and ", "tell me ", "“", "”", '"', "'", ". ", "? ", "\n",
        "report.pdf ", "as a, b or c", "请总结", "，然后", "。", "这张图", "：", ": ",
        "the long text that follows here", "3 ", "𝕏", "/", "-", "\ue000",
    ]  # fmt: skip
    generator = random.Random(11)
    for _ in range(1500):
        text = "".join(generator.choices(pieces, k=generator.randint(0, 20)))
        before = 0
        for clause in clauses_of(text):
            piece = clause.piece
            assert before <= piece.start < piece.end <= len(text)
            assert text[piece.start : piece.end] == piece.text == piece.text.strip()
            for quote in clause.quotes:
                assert text[quote.start : quote.end] == quote.text
            before = piece.end


@pytest.mark.parametrize(
    "text",
    [
        "open a/" + "b/" * 3000,
        "a-" * 5000,
        "is it a " + "word " * 4000,
        "Sort this as " + ", ".join(f"item{i}" for i in range(400)),
        "as a/b/" * 1000,
        "“" * 5000,
        "'" * 5000,
        "a: " * 3000,
        "as" + " " * 1500 + "x",
        "请把这段文字分为" + "类别、" * 2000,
        "1" * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    clauses_of(text)
    assert time.perf_counter() - began < 2.5


@pytest.mark.parametrize(
    "text",
    [
        "What is 3.5 plus 1,200?",
        "According to our manual, what is the highest pressure?",
        "Classify this message, which came in today, as billing, delivery or praise",
        "根据手册，最大压力是多少？",
    ],
)
def test_numbers_lead_ins_and_relative_clauses_do_not_split(text: str) -> None:
    assert [clause.piece.text for clause in clauses_of(text)] == [text]
