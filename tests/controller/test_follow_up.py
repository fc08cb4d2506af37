"""Turns that lean on earlier ones: what counts as one, what it means, and that nothing else is touched."""

from __future__ import annotations

import time
from typing import Any

import pytest

from orchestrator.artifact import Artifact, Audio, Image, Labels, Text
from orchestrator.controller.follow_up.argument import values_in
from orchestrator.controller.follow_up.past import Past
from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.controller.follow_up.turn import planned_turn, resolved
from orchestrator.errors import UnknownExpert
from orchestrator.ledger.traces import Trace
from orchestrator.types import (
    Answer,
    Attachment,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Policy,
    Port,
    Request,
    Segment,
    Span,
    Step,
    StepResult,
)

A, B, C = (Image.from_bytes(name.encode(), name=name) for name in ("a.png", "b.png", "c.png"))
RECORDING = Audio.from_bytes(b"sound", name="call.wav")
CARDS = {
    card.name: card
    for card in (
        ExpertCard(
            name="read",
            task="image-to-text",
            inputs=(Port(name="image", kind="image"),),
            outputs=(Port(name="text", kind="text"),),
        ),
        ExpertCard(
            name="compare",
            inputs=(Port(name="one", kind="image"), Port(name="other", kind="image")),
            outputs=(Port(name="labels", kind="labels"),),
        ),
        ExpertCard(
            name="translate",
            inputs=(Port(name="text", kind="text"), Port(name="target_language", kind="string")),
            outputs=(Port(name="text", kind="text"),),
        ),
        ExpertCard(
            name="speak",
            inputs=(
                Port(name="text", kind="text"),
                Port(name="voice", kind="string", enum=("en", "de", "zh"), required=False),
            ),
            outputs=(Port(name="audio", kind="audio"),),
        ),
        ExpertCard(
            name="shorten",
            inputs=(
                Port(name="text", kind="text"),
                Port(name="num_sentences", kind="integer", required=False, default=4),
            ),
            outputs=(Port(name="text", kind="text"),),
        ),
        ExpertCard(
            name="ask_table",
            inputs=(Port(name="question", kind="string"),),
            outputs=(Port(name="text", kind="text"),),
        ),
        ExpertCard(
            name="sort_into",
            inputs=(Port(name="text", kind="text"), Port(name="labels", kind="array")),
            outputs=(Port(name="labels", kind="labels"),),
        ),
        ExpertCard(
            name="upload",
            network=True,
            inputs=(Port(name="image", kind="image"),),
            outputs=(Port(name="text", kind="text"),),
        ),
    )
}


def card(name: str) -> ExpertCard:
    try:
        return CARDS[name]
    except KeyError:
        raise UnknownExpert(name, list(CARDS)) from None


def step(step_id: str, expert: str, each: str | None = None, **inputs: Any) -> Step:
    return Step(id=step_id, expert=expert, inputs=inputs, each=each)


def at(index: int) -> Attachment:
    return Attachment(index=index)


def turn(
    text: str, *steps: Step, files: tuple[Artifact, ...] = (), gave: Artifact | None = None, **fields: Any
) -> Trace:
    """A turn that was answered, its last step having given `gave` on the first output port."""
    results = ()
    if gave is not None:
        port = card(steps[-1].expert).outputs[0].name
        results = (StepResult(step=steps[-1].id, expert=steps[-1].expert, status="done", outputs={port: gave}),)
    known: dict[str, Any] = {
        "id": text,
        "conversation_id": "c",
        "created_at": 1.0,
        "status": "answered" if steps else "abstained",
        "request": Request(text=text, artifacts=files),
        "plan": Plan(status="planned" if steps else "abstained", confidence=0.9, steps=steps),
        "results": results,
        "answer": Answer(
            status="answered" if steps else "abstained", text="It says so. [1]", segments=(Segment(text="It says so."),)
        ),
    }
    return Trace(**{**known, **fields})


def asked_back(text: str, *steps: Step, files: tuple[Artifact, ...] = ()) -> Trace:
    plan = Plan(status="needs_input", question="What?", steps=steps)
    answer = Answer(status="needs_input", text="What?", question="What?")
    return turn(text, files=files, plan=plan, answer=answer, status="needs_input")


def follow(text: str, *turns: Trace, files: tuple[Artifact, ...] = ()) -> Any:
    return resolved(Request(text=text, artifacts=files), Past(turns, card))


def inputs(resolution: Any) -> list[tuple[str, dict[str, Any], str | None]]:
    return [(s.expert, dict(s.inputs), s.each) for s in resolution.plan.steps]


READ_A = turn("What does the first sign say?", step("s1", "read", image=at(0)), files=(A, B), gave=Text("EXIT"))
READ_BOTH = turn(
    "What do the signs say?",
    step("s1", "read", each="image", image=Collection(items=(at(0), at(1)))),
    files=(A, B),
)
TO_FRENCH = turn(
    "Translate “good day” into French",
    step("s1", "translate", text=Span(start=11, end=19), target_language=Literally(value="French")),
    gave=Text("bonjour"),
)
SHORTENED = turn("Shorten “a long text”", step("s1", "shorten", text=Span(start=9, end=20)), gave=Text("a text"))
DECLINED = turn("Translate “good day” into Klingon and French")


# -- what counts as one ------------------------------------------------------------------------------------------------


SAY_AGAIN = """
now do the same for the second photo
And the second one, please?
Do the same with b.png
what about this one?
Try that again with this picture
once more, please
same for both photos
how about the other recording?
and b.png?
use this image instead
Could you repeat that for the last picture?
那第二张呢
换成这张图再来一次
这张呢？
对第二张照片做同样的事
再来一次
也对 b.png 做一遍
另一张呢？
同样处理第二张
下一张
把第三段录音也处理一下
""".strip().splitlines()


@pytest.mark.parametrize("text", SAY_AGAIN)
def test_says_again(text):
    assert phrases().says_again(text)


STAND_ALONE = """
What does the second sign say?
Read the text in this photo
How many faces are in the second photo?
thanks again!
Is this the same person as on the second photo?
Compare the second photo with the first
Do these sentences mean the same?
In which year was the company founded?
Plot the revenue by month
Translate “it is the same” into German
Speak German
How long does it take to get a refund?
Summarise this report in 3 sentences
And who was the second president?
Is the second photo sharper?
Which language is German related to?
What is the total revenue in March?
第二张图片里写了什么？
这张照片里有几张人脸？
把“早上好”翻译成德语
用三句话概括这份报告
德语难学吗？
这两段文字的意思一样吗？
再订一张去北京的机票
上一年的总收入是多少？
🙂
""".strip().splitlines()


@pytest.mark.parametrize("text", [*STAND_ALONE, "", "   "])
def test_what_stands_on_its_own_is_left_alone(text):
    assert not phrases().says_again(text)
    assert values_in(phrases().core(text), tuple(CARDS.values())) == ()
    assert follow(text, READ_A, TO_FRENCH) is None


@pytest.mark.parametrize(
    "text", ["please, " * 25_000 + "x", "and now then " * 15_000, "the second photo " * 12_000, "German " * 25_000]
)
def test_a_very_long_turn_is_left_alone_at_once(text):
    began_s = time.perf_counter()
    assert follow(text, READ_A, files=(B,)) is None
    assert not phrases().refers_back(text)
    assert time.perf_counter() - began_s < 2


def test_no_example_of_a_card_is_taken_for_a_follow_up(baton):
    examples = [example for card in baton.registry.cards for example in card.examples]
    assert len(examples) > 100
    assert [e for e in examples if phrases().says_again(e) or values_in(phrases().core(e), baton.registry.cards)] == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("and in German?", [("languages", "German")]),
        ("用法语呢？", [("languages", "法语")]),
        ("in 3 sentences, please", [("count", "3 sentences")]),
        ("用两句话", [("count", "两句话")]),
        ("as a line chart instead", [("charts", "line chart")]),
        ("换成折线图", [("charts", "折线图")]),
        ("what about the XR-3000?", [("shape", "XR-3000")]),
        ("and in 2023?", [("shape", "2023")]),
        ("in French, in two sentences", [("languages", "French"), ("count", "two sentences")]),
        ("shorter please", [("share", "shorter")]),
        ("in German class", []),
    ],
)
def test_values_of_a_turn_made_of_nothing_else(text, values):
    found = values_in(phrases().core(text), tuple(CARDS.values()))
    assert sorted((said.group, said.words) for said in found) == sorted(values)


# -- the same for another file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["now do the same for the second photo", "那第二张呢", "and b.png?", "the other one"])
def test_the_same_for_another_photo_of_the_first_turn(text):
    resolution = follow(text, READ_A)
    assert (resolution.request.text, resolution.request.artifacts) == (text, (B,))
    assert inputs(resolution) == [("read", {"image": at(0)}, None)]
    assert (resolution.plan.status, resolution.plan.confidence) == ("planned", 0.9)
    assert resolution.plan.steps[0].why == "as in the earlier turn “What does the first sign say?”"


@pytest.mark.parametrize("text", ["do the same for this one", "换成这张图再来一次", "again", "and this photo?"])
def test_the_same_for_a_new_photo(text):
    resolution = follow(text, READ_BOTH, files=(C,))
    assert resolution.request.artifacts == (C,)
    assert inputs(resolution) == [("read", {"image": at(0)}, None)]


def test_the_same_for_both_runs_for_each():
    resolution = follow("now the same for both photos", READ_A)
    assert resolution.request.artifacts == (A, B)
    assert inputs(resolution) == [("read", {"image": Collection(items=(at(0), at(1)))}, "image")]


def test_again_is_the_same_plan_on_the_same_file():
    resolution = follow("again, please", READ_A)
    assert (resolution.request.artifacts, inputs(resolution)) == ((A,), [("read", {"image": at(0)}, None)])


def test_positions_count_photos_of_turns_that_brought_one_each():
    first = turn("What does the sign say?", step("s1", "read", image=at(0)), files=(A,), gave=Text("EXIT"))
    second = turn("and this one?", step("s1", "read", image=at(0)), files=(B,), gave=Text("ENTRANCE"))
    assert follow("and the first one?", first, second).request.artifacts == (A,)
    assert follow("第二张呢", first, second).request.artifacts == (B,)


def test_only_what_hangs_on_the_photo_is_repeated():
    steps = (
        step("s1", "read", image=at(0)),
        step("s2", "ask_table", question=Literally(value="how much?")),
        step("s3", "shorten", text=Output(step="s1", port="text")),
    )
    resolution = follow("the same for the second photo", turn("Both", *steps, files=(A, B)))
    assert [s.expert for s in resolution.plan.steps] == ["read", "shorten"]


def test_words_of_the_earlier_turn_come_along_as_words():
    said = turn("Ask: how much?", step("s1", "ask_table", question=Span(start=5, end=14)))
    assert inputs(follow("once more", said)) == [("ask_table", {"question": Literally(value="how much?")}, None)]


def test_the_same_for_a_quoted_text():
    text = "now the same for “good night”"
    resolution = follow(text, TO_FRENCH)
    ((_, bound, _),) = inputs(resolution)
    assert bound["target_language"] == Literally(value="French")
    assert follow("那“晚安”呢？", TO_FRENCH).plan.steps[0].inputs["text"] == Span(start=2, end=4)
    assert follow("“good night”", TO_FRENCH) is None
    assert text[bound["text"].start : bound["text"].end] == "good night"


def test_a_file_of_another_kind_is_planned_anew_in_the_earlier_words():
    resolution = follow("the same for this recording", READ_A, files=(RECORDING,))
    assert (resolution.plan, resolution.words) == (None, "What does the first sign say?")
    assert resolution.request.artifacts == (RECORDING,)


@pytest.mark.parametrize(
    ("text", "turns", "asked"),
    [
        ("and the fifth photo?", (READ_A,), "Please attach the picture that this is about."),
        ("第五张呢", (READ_A,), "请附上所说的图片。"),
        ("and this one?", (READ_A,), "Please attach the picture that this is about."),
        ("and z.png?", (READ_A,), "Please attach z.png; neither this turn nor an earlier one has it."),
        (
            "the other one",
            (turn("?", step("s1", "read", image=at(0)), files=(A, B, C)),),
            "Which one do you mean: b.png, c.png?",
        ),
        (
            "the same for the third photo",
            (turn("?", step("s1", "compare", one=at(0), other=at(1)), files=(A, B, C)),),
            "Which one should c.png take the place of: a.png, b.png?",
        ),
        ("do the same again", (), "What should I do? Nothing came before this that I could do once more."),
        ("那第二张呢", (), "您想让我做什么？在此之前没有可以再做一遍的事。"),
    ],
)
def test_what_cannot_be_told_is_asked(text, turns, asked):
    plan = follow(text, *turns).plan
    assert (plan.status, plan.question, plan.steps) == ("needs_input", asked, ())


def test_a_failed_turn_is_tried_again_with_another_photo():
    failed = turn("What does it say?", step("s1", "read", image=at(0)), files=(A,), status="failed", answer=None)
    resolution = follow("try that with this picture", failed, files=(B,))
    assert (resolution.request.artifacts, inputs(resolution)) == ((B,), [("read", {"image": at(0)}, None)])


def test_a_declined_turn_is_declined_for_the_same_reason():
    resolution = follow("and the second photo?", READ_A, DECLINED)
    assert (resolution.plan, resolution.words) == (None, DECLINED.request.text)


def test_an_expert_that_is_gone_leaves_the_turn_as_it_is():
    gone = turn("?", files=(A, B), plan=Plan(status="planned", steps=(step("s1", "gone", image=at(0)),)))
    assert follow("and the second photo?", gone) is None


# -- another value -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("French", "and in German?", "German"),
        ("fr", "用德语呢？", "de"),
        ("法语", "in German", "德语"),
        ("French", "德语呢", "German"),
    ],
)
def test_a_language_in_the_form_of_the_earlier_one(before, text, after):
    plan = step("s1", "translate", text=Literally(value="good day"), target_language=Literally(value=before))
    resolution = follow(text, turn("Translate it", plan))
    assert inputs(resolution)[0][1] == {"text": Literally(value="good day"), "target_language": Literally(value=after)}


def test_an_option_of_a_port():
    resolution = follow("in German, please", turn("Say “x”", step("s1", "speak", text=Literally(value="x"))))
    assert inputs(resolution)[0][1]["voice"] == Literally(value="de")


@pytest.mark.parametrize(
    ("text", "count"),
    [("in 3 sentences", 3), ("two sentences", 2), ("用两句话", 2), ("shorter", 2), ("详细一点", 8), ("only 5", 5)],
)
def test_a_count(text, count):
    resolution = follow(text, SHORTENED)
    assert inputs(resolution)[0][1] == {"text": Literally(value="a long text"), "num_sentences": Literally(value=count)}


@pytest.mark.parametrize(
    ("asked", "text", "then"),
    [
        ("How long is the warranty of the XR-2000?", "and the XR-3000?", "How long is the warranty of the XR-3000?"),
        ("XR-2000 的保修期是多久？", "那 XR-3000 呢？", "XR-3000 的保修期是多久？"),
        ("Which region sold most in March?", "and in April?", "Which region sold most in April?"),
        ("哪个地区的销售额最高？", "最低呢？", "哪个地区的销售额最低？"),
    ],
)
def test_a_sibling_takes_the_place_of_a_word(asked, text, then):
    earlier = turn(asked, step("s1", "ask_table", question=Span(start=0, end=len(asked))))
    assert inputs(follow(text, earlier)) == [("ask_table", {"question": Literally(value=then)}, None)]


def test_two_words_that_it_may_replace_are_asked_about():
    asked = "Compare March and May"
    plan = follow("and in April?", turn(asked, step("s1", "ask_table", question=Span(start=0, end=len(asked))))).plan
    assert (plan.status, plan.question) == ("needs_input", "Which one should April take the place of: March, May?")


@pytest.mark.parametrize(
    ("text", "words"), [("and in German?", "Translate the text into German."), ("用德语呢", "把文字翻译成德语。")]
)
def test_without_such_an_argument_the_earlier_result_is_worked_on(text, words):
    resolution = follow(text, READ_A)
    assert (resolution.plan, resolution.words, resolution.request.text) == (None, words, text)
    assert [(a.value, a.sha256) for a in resolution.request.artifacts] == [("EXIT", Text("EXIT").sha256)]


def test_without_an_earlier_turn_a_bare_value_is_asked_about():
    assert follow("and in German?").plan.status == "needs_input"
    assert follow("what about the XR-3000?") is None  # a question to the library


def test_a_declined_turn_takes_the_value_and_is_declined_again():
    declined = turn("Translate “good day” into French")
    assert follow("and in German?", declined).words == "Translate “good day” into German"


# -- what was asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "here it is", "Here you go!", "this one", "给你", "这张照片"])
def test_the_file_that_was_asked_for(text):
    resolution = follow(text, asked_back("What does the sign say?", step("s1", "read")), files=(A,))
    assert (resolution.words, resolution.request.text, resolution.request.artifacts) == (
        "What does the sign say?",
        text,
        (A,),
    )


def test_a_file_with_a_request_of_its_own_is_no_reply():
    asked = asked_back("What does the sign say?", step("s1", "read"))
    assert follow("How many faces are in this photo?", asked, files=(A,)) is None


async def planned(text: str, *turns: Trace, own: Plan, policy: Policy | None = None) -> tuple[Request, Plan]:
    async def plan(request: Request) -> Plan:
        return own

    return await planned_turn(Request(text=text, policy=policy or Policy()), turns, card, plan)


NOTHING = Plan(status="abstained", confidence=0.0)


async def test_the_value_that_was_asked_for():
    asked = asked_back("Sort “I paid twice”", step("s1", "sort_into", text=Span(start=6, end=18)))
    request, plan = await planned("billing, delivery or praise", asked, own=NOTHING)
    labels = Literally(value=["billing", "delivery", "praise"])
    assert plan.status == "planned"
    assert plan.steps[0].inputs == {"text": Literally(value="I paid twice"), "labels": labels}
    assert request.artifacts == ()


async def test_the_text_that_was_asked_for_is_attached():
    asked = asked_back("Read aloud", step("s1", "speak"))
    request, plan = await planned("Good morning to you all", asked, own=NOTHING)
    assert request.artifacts == (Text("Good morning to you all"),)
    assert (plan.status, plan.steps[0].inputs) == ("planned", {"text": at(0)})


@pytest.mark.parametrize("text", ["never mind", "算了", "Forget it."])
async def test_what_is_withdrawn_is_no_value(text):
    request, plan = await planned(text, asked_back("Read aloud", step("s1", "speak")), own=NOTHING)
    assert (request.artifacts, plan) == ((), NOTHING)


# -- whose policy, whose run -------------------------------------------------------------------------------------------


async def test_todays_policy_counts_and_not_that_of_the_earlier_turn():
    earlier = turn("Upload it", step("s1", "upload", image=at(0)), files=(A, B))
    request, plan = await planned("and the second photo?", earlier, own=NOTHING)
    assert (request.artifacts, plan) == ((), NOTHING)
    request, plan = await planned("and the second photo?", earlier, own=NOTHING, policy=Policy(allow_network=True))
    assert (request.artifacts, [s.expert for s in plan.steps]) == ((B,), ["upload"])


async def test_a_run_that_is_under_way_is_no_earlier_turn():
    running = READ_A.model_copy(update={"status": "running"})
    _, plan = await planned("and the second photo?", running, own=NOTHING)
    assert (plan.status, plan.question) == (
        "needs_input",
        "What should I do? Nothing came before this that I could do once more.",
    )


async def test_an_expert_for_the_words_themselves_comes_before_the_question():
    own = Plan(status="planned", steps=(step("s1", "ask_table", question=Span(start=0, end=6)),))
    assert (await planned("repeat", own=own))[1] == own


# -- what a turn gave --------------------------------------------------------------------------------------------------


def test_the_text_of_the_last_expert_is_the_result():
    past = Past((READ_A,), card)
    text = past.text_given(READ_A)
    assert (text, text.name) == (Text("EXIT"), "the earlier answer.txt")


def test_else_the_answer_without_the_marks_of_its_citations():
    labelled = turn("?", step("s1", "compare", one=at(0), other=at(1)), files=(A, B), gave=Labels({"same": 1.0}))
    assert Past((labelled,), card).text_given(labelled) == Text("It says so.")


def test_a_text_that_was_read_aloud_stays_the_result():
    spoken = turn("read it aloud", step("s1", "speak", text=at(0)), files=(Text("EXIT"),), gave=RECORDING)
    past = Past((READ_A, spoken), card)
    assert past.text_given(spoken) == Text("EXIT")
    assert past.attachments(spoken) == ()  # a result of an earlier turn is no attachment of the person's
    assert past.recallable == ((A, B),)


def test_a_declined_turn_leaves_the_result_where_it_was_and_a_failed_one_does_not():
    failed = turn("?", step("s1", "read", image=at(0)), status="failed", answer=None)
    assert Past((READ_A, DECLINED), card).giving == READ_A
    assert (Past((READ_A, failed), card).giving, Past((READ_A, failed), card).has_no_result) == (None, True)
