"""The rule controller on a small set of cards: which experts it names, what feeds them, when it asks or declines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.artifact import Artifact, Audio, File, Image, Table, Text, Video
from orchestrator.controller.rules import RuleController
from orchestrator.embedding import encoder
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import (
    Attachment,
    Binding,
    Candidate,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Request,
    Shortlist,
    Span,
)


def card(
    name: str, task: str, inputs: dict[str, Any], outputs: dict[str, Any], description: str, *examples: str
) -> Any:
    """A card whose port kinds end in ? where optional, in * where they take many."""

    def ports(kinds: dict[str, Any]) -> tuple[Port, ...]:
        return tuple(
            Port(name=port, kind=kind.rstrip("?*"), required="?" not in kind, many="*" in kind)  # type: ignore[arg-type]
            for port, kind in kinds.items()
        )

    return ExpertCard(
        name=name,
        task=task,
        inputs=ports(inputs),
        outputs=ports(outputs),
        description=description,
        examples=examples,
        licence="Apache-2.0",
    )


CARDS = (
    card(
        "transcribe", "automatic-speech-recognition", {"audio": "audio"}, {"text": "text"},
        "Writes down what is said in a recording.",
        "Transcribe this recording", "What is said in this audio?", "Write down what the caller says",
        "把这段录音转成文字", "录音里说了什么？", "转写这段语音",
    ),
    card(
        "read_text", "image-to-text", {"image": "image"}, {"text": "text"},
        "Reads the text in a picture: signs, labels, scanned pages.",
        "What does the sign say?", "Read the text in this picture", "What is written on the label?",
        "图片里写了什么？", "识别照片中的文字", "牌子上写的是什么？",
    ),
    card(
        "picture_facts", "image-facts", {"image": "image"}, {"json": "json"},
        "Tells the size, colours and sharpness of a picture.",
        "What size is this picture?", "Which colours dominate the photo?", "Is this photo sharp?",
        "这张照片的尺寸是多少？", "主要颜色是什么？",
    ),
    card(
        "summarize", "summarization", {"text": "text", "num_sentences": "integer?"}, {"text": "text"},
        "Shortens a text to its most important sentences.",
        "Summarize this text", "Give me a summary in two sentences", "Shorten this article",
        "总结这段文字", "用两句话概括", "写个摘要",
    ),
    card(
        "speak", "text-to-speech", {"text": "text"}, {"audio": "audio"},
        "Reads a text aloud and gives a recording of it.",
        "Read this text aloud", "Say this sentence", "Make an audio of this text",
        "朗读这段文字", "把文字念出来",
    ),
    card(
        "sentiment", "sentiment-analysis", {"text": "text"}, {"labels": "labels"},
        "Tells whether a text is positive, negative or neutral.",
        "Is this review positive or negative?", "What is the mood of this message?", "How does the writer feel?",
        "这条评论是正面还是负面？", "分析这段话的情感",
    ),
    card(
        "sort_text", "zero-shot-classification", {"text": "text", "labels": "array"}, {"scores": "labels"},
        "Sorts a text into one of the labels that the request gives.",
        "Classify this text as sports, politics or science", "Which of these labels fits the text: a, b or c?",
        "Sort this message into billing, delivery or praise",
        "把这段文字分为体育、政治或科学",
    ),
    card(
        "ask_table", "table-question-answering", {"table": "table", "question": "string"}, {"text": "text"},
        "Answers a question about a table: highest, lowest, sum, mean.",
        "Which month sold most?", "What is the total of the amount column?", "What is the average price in the table?",
        "哪个月的销量最高？", "金额列的总和是多少？",
    ),
    card(
        "library_search", "document-retrieval", {"query": "string", "context": "text?"},
        {"passages": "json", "text": "text"},
        "Looks up the passages of the library's documents (manuals, handbooks, policies) that answer a question.",
        "What does the manual say about the service interval?", "How long is the warranty according to our documents?",
        "手册里对保养周期是怎么说的？", "查一下退货政策",
    ),
)  # fmt: skip

PHOTO, OTHER = Image.from_bytes(b"1", name="sign.png"), Image.from_bytes(b"2", name="shop.png")
TALK = Audio.from_bytes(b"3", name="talk.wav")
SALES = Table.from_bytes(b"4", name="sales.csv")
NOTE = Text("The pump broke again and nobody came.", name="note.txt")
PAGE = File.from_bytes(b"5", name="page.zip")
FILM = Video.from_bytes(b"6", name="film.mp4")

_INDEX = CardIndex(encoder)


def planned(text: str, *artifacts: Artifact, cards: tuple[ExpertCard, ...] = CARDS) -> Plan:
    shortlist = Shortlist(candidates=tuple(Candidate(card=one, score=1.0) for one in cards))
    return asyncio.run(RuleController(_INDEX).plan(Request(text=text, artifacts=artifacts), shortlist))


def shown(plan: Plan, text: str) -> list[str]:
    """The steps as calls: @0 is the first attachment, "..." a part of the request, `read_text.text` an output."""
    names = {step.id: step.expert for step in plan.steps}

    def value(binding: Binding) -> str:
        match binding:
            case Attachment():
                return f"@{binding.index}"
            case Span():
                return f"“{text[binding.start : binding.end]}”"
            case Output():
                return f"{names[binding.step]}.{binding.port}"
            case Collection():
                return "[" + " ".join(value(item) for item in binding.items) + "]"
            case Literally():
                return repr(binding.value)

    return [
        f"{step.expert}({', '.join(f'{name}={value(b)}' for name, b in step.inputs.items())})"
        + (f" each {step.each}" if step.each else "")
        for step in plan.steps
    ]


@pytest.mark.parametrize(
    ("text", "artifacts", "steps"),
    [
        ("What does the sign say?", (PHOTO,), ["read_text(image=@0)"]),
        ("Transcribe this recording", (TALK,), ["transcribe(audio=@0)"]),
        ("牌子上写的是什么？", (PHOTO,), ["read_text(image=@0)"]),
        ("把这段录音转成文字", (TALK,), ["transcribe(audio=@0)"]),
        (
            "Transcribe the recording, then summarize it and read the summary aloud",
            (TALK,),
            ["transcribe(audio=@0)", "summarize(text=transcribe.text)", "speak(text=summarize.text)"],
        ),
        (
            "把录音转成文字，然后总结一下，最后朗读出来",
            (TALK,),
            ["transcribe(audio=@0)", "summarize(text=transcribe.text)", "speak(text=summarize.text)"],
        ),
        (
            "What does the sign say? What size is this picture?",
            (PHOTO,),
            ["read_text(image=@0)", "picture_facts(image=@0)"],
        ),
        (
            "Transcribe the recording and read the text in the picture",
            (TALK, PHOTO),
            ["transcribe(audio=@0)", "read_text(image=@1)"],
        ),
        ("Summarize this text", (NOTE,), ["summarize(text=@0)"]),
        ("Summarize this text, then read it aloud", (NOTE,), ["summarize(text=@0)", "speak(text=summarize.text)"]),
        ("Summarize this text, then read the letter aloud", (NOTE,), ["summarize(text=@0)", "speak(text=@0)"]),
        (
            "Give me a summary in two sentences",
            (TALK,),
            ["transcribe(audio=@0)", "summarize(text=transcribe.text, num_sentences=2)"],
        ),
        (
            "把录音概括成两句话",
            (TALK,),
            ["transcribe(audio=@0)", "summarize(text=transcribe.text, num_sentences=2)"],
        ),
        (
            "Is this review positive or negative: “The food was cold and the waiter rude.”",
            (),
            ["sentiment(text=“The food was cold and the waiter rude.”)"],
        ),
        ("这条评论是正面还是负面：“味道很好，服务周到！”", (), ["sentiment(text=“味道很好，服务周到！”)"]),
        (
            "Classify this text as sports, politics or science",
            (NOTE,),
            ["sort_text(text=@0, labels=['sports', 'politics', 'science'])"],
        ),
        (
            "What is the total of the amount column?",
            (SALES,),
            ["ask_table(table=@0, question=“What is the total of the amount column?”)"],
        ),
        ("What does the sign say on each of these photos?", (PHOTO, OTHER), ["read_text(image=[@0 @1]) each image"]),
        ("What does the sign on the second photo say?", (PHOTO, OTHER), ["read_text(image=@1)"]),
        ("What does the sign on shop.png say?", (PHOTO, OTHER), ["read_text(image=@1)"]),
        (
            "How long is the warranty according to our documents?",
            (),
            ["library_search(query=“How long is the warranty according to our documents?”)"],
        ),
        ("手册里对保养周期是怎么说的？", (), ["library_search(query=“手册里对保养周期是怎么说的？”)"]),
    ],
)
def test_a_request_becomes_a_plan(text: str, artifacts: tuple[Artifact, ...], steps: list[str]) -> None:
    plan = planned(text, *artifacts)
    assert (plan.status, shown(plan, text)) == ("planned", steps)
    assert 0 < plan.confidence <= 1
    for step in plan.steps:
        assert 0 < step.confidence <= 1
        assert step.why
        assert step.expert not in [alternative.expert for alternative in step.alternatives]
        scores = [alternative.score for alternative in step.alternatives]
        assert scores == sorted(scores, reverse=True)


def test_branches_do_not_wait_for_one_another() -> None:
    plan = planned("Transcribe the recording and read the text in the picture", TALK, PHOTO)
    assert [step.needs for step in plan.steps] == [frozenset(), frozenset()]


def test_a_lookup_reads_what_the_picture_says() -> None:
    text = "What is the warranty of the device on this label according to our manual?"
    plan = planned(text, PHOTO)
    assert shown(plan, text) == ["read_text(image=@0)", f"library_search(query=“{text}”, context=read_text.text)"]
    assert [step.asked for step in plan.steps] == [False, True]


@pytest.mark.parametrize(
    ("text", "artifacts", "status", "question"),
    [
        ("What does the sign say?", (), "needs_input", "Please attach the picture that this is about."),
        ("把这段录音转成文字", (), "needs_input", "请附上所说的录音。"),
        ("Transcribe talk.wav", (), "planned", None),
        ("", (PHOTO,), "needs_input", "What should I do with sign.png?"),
        ("Order me a pizza with extra cheese", (), "abstained", None),
        ("Play some jazz in the kitchen", (), "abstained", None),
        ("帮我订一张去上海的机票", (), "abstained", None),
        ("?!", (), "abstained", None),
    ],
)
def test_it_asks_or_declines(text: str, artifacts: tuple[Artifact, ...], status: str, question: str | None) -> None:
    plan = planned(text, *artifacts)
    assert plan.status == status
    if question is not None:
        assert plan.question == question
    if status == "abstained":
        assert plan.steps == ()
        assert plan.confidence < 0.5
        assert plan.question


def test_a_file_that_is_only_named_can_be_planned_for() -> None:
    text = "Transcribe talk.wav"
    assert shown(planned(text), text) == ["transcribe(audio=“talk.wav”)"]


@pytest.mark.parametrize("text", ["Transcribe this recording", "What does the sign say?"])
def test_without_cards_nothing_fits(text: str) -> None:
    assert planned(text, PHOTO, cards=()).status == "abstained"


def test_only_what_is_on_the_shortlist_is_planned() -> None:
    few = tuple(card for card in CARDS if card.name not in ("transcribe", "library_search"))
    assert all(step.expert in {card.name for card in few} for step in planned("Transcribe it", TALK, cards=few).steps)


def test_the_same_request_gives_the_same_plan() -> None:
    text = "Transcribe the recording, then summarize it and read the summary aloud"
    assert planned(text, TALK) == planned(text, TALK)
    assert planned(text, TALK, cards=CARDS[::-1]).steps[0].expert == "transcribe"


def test_one_number_fills_one_port_and_a_missing_one_is_asked_for():
    loan = card(
        "loan_instalment", "", {"amount": "float", "rate": "float", "months": "integer"}, {"instalment": "float"},
        "Monthly instalment of a loan.", "What is the monthly instalment of a loan?",
    )  # fmt: skip
    plan = planned("What is the monthly instalment of a loan of 20000 at 4 percent?", cards=(loan,))
    assert plan.status == "needs_input"
    (step,) = plan.steps
    assert step.inputs == {"amount": Literally(value=20000.0), "rate": Literally(value=4.0)}
