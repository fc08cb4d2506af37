"""Conversations end to end: real experts and media, every turn in the words that people type, English and Chinese."""

from __future__ import annotations

import pytest

from orchestrator.artifact import Text
from orchestrator.errors import BadRequest
from orchestrator.types import Budget, ExpertCitation, new_id


@pytest.fixture
def say(asked):
    """Asks the next turn of one conversation."""
    conversation = new_id()

    def turn(text, *files, **options):
        return asked.run(text, files=files, conversation=conversation, **options)

    return turn


def experts(answer):
    return [step.expert for step in answer.steps if step.status == "done"]


def attached(baton, answer):
    """The attachments of the run as the ledger holds them, each verified against its bytes on disk."""
    artifacts = baton.traces.get(answer.trace_id).request.artifacts
    for artifact in artifacts:
        assert artifact.path is not None
        assert type(artifact).from_bytes(artifact.path.read_bytes()).sha256 == artifact.sha256
    return artifacts


# -- the same for another file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("What does the first sign say?", "now do the same for the second photo", "The picture reads: “ENTRANCE”."),
        ("这张图片里写了什么？", "那第二张呢", "图片上写着：“ENTRANCE”。"),
    ],
)
def test_the_second_of_two_photos(asked, say, sign, first, then, said):
    assert "EXIT" in say(first, sign("EXIT", name="left.png"), sign("ENTRANCE", name="right.png")).text
    answer = say(then)
    assert (answer.status, experts(answer), answer.segments[0].text) == ("answered", ["text_recognition"], said)
    assert [(a.kind, a.name) for a in attached(asked, answer)] == [("image", "right.png")]
    trace = asked.traces.get(answer.trace_id)
    assert (trace.request.text, trace.plan.confidence) == (then, answer.confidence)


@pytest.mark.parametrize("then", ["do the same for this one", "换成这张图再来一次"])
def test_a_photo_that_comes_with_the_turn(asked, say, sign, then):
    say("How large is this picture in pixels?", sign("EXIT", name="left.png"))
    answer = say(then, sign("TWO", "LINES", name="right.png"))
    assert experts(answer) == ["picture_facts"]
    assert "340" in answer.text
    assert [a.name for a in attached(asked, answer)] == ["right.png"]


def test_a_chain_is_repeated_whole(say, sign):
    first = say("What does the sign say? Then read the text aloud.", sign("EXIT", name="a.png"))
    answer = say("now for this one", sign("WET FLOOR", name="b.png"))
    assert experts(first) == experts(answer) == ["text_recognition", "speech_synthesis"]
    assert answer.steps[0].outputs["text"].text == "WET FLOOR"
    assert [artifact.kind for artifact in answer.artifacts] == ["audio"]


@pytest.mark.parametrize(
    "text", ["now do the same for the second photo", "那第二张呢", "and in German?", "用法语呢？", "read it aloud"]
)
def test_without_an_earlier_turn_one_question_is_asked(say, text):
    answer = say(text)
    assert (answer.status, answer.steps) == ("needs_input", ())
    assert answer.question


def test_a_photo_that_nobody_attached_is_asked_for(say, sign):
    say("What does the sign say?", sign("EXIT"))
    answer = say("and the third photo?")
    assert (answer.status, answer.question) == ("needs_input", "Please attach the picture that this is about.")
    answer = say("here it is", sign("THIRD", name="third.png"))
    assert (experts(answer), "THIRD" in answer.text) == (["text_recognition"], True)


# -- another value -----------------------------------------------------------------------------------------------------

LONG = "The office opened in April. Costs fell by ten percent. Sales rose. Rain came in May. We hired two engineers."


@pytest.mark.parametrize("then", ["in 1 sentence", "用一句话"])
def test_another_length(say, then):
    first = say(f"Summarise “{LONG}”")
    answer = say(then)
    assert experts(first) == experts(answer) == ["summarize"]
    assert first.steps[0].outputs["text"].text.count(".") == 3
    assert answer.steps[0].outputs["text"].text.count(".") == 1


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("Which region has the highest revenue?", "and the lowest?", "West"),
        ("哪个 region 的 revenue 最高？", "那最低呢？", "West"),
    ],
)
def test_the_other_end_of_a_table(say, sales, first, then, said):
    assert "South" in say(first, sales).text
    answer = say(then)
    assert (experts(answer), said in answer.text) == (["table_question"], True)


def test_another_chart(asked, say, sales):
    say("Plot the revenue by region", sales)
    answer = say("as a line chart instead")
    assert (experts(answer), "line chart" in answer.text) == (["table_plot"], True)
    assert [a.name for a in attached(asked, answer)] == ["sales.csv"]


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("How long is the warranty of the XR-2000?", "and the XR-3000?", "60 months"),
        ("XR-3000 的保修期是多久？", "那 XR-2000 呢？", "30个月"),
    ],
)
def test_another_model(asked, say, sources, first, then, said):
    say(first)
    answer = say(then)
    assert (experts(answer), said in answer.text) == (["library_search"], True)
    assert sources(asked, answer)


@pytest.mark.parametrize("then", ["and in German?", "用德语呢？"])
def test_a_language_that_no_expert_speaks_is_declined(say, sign, then):
    say("What does the sign say?", sign("EXIT"))
    answer = say(then)
    assert (answer.status, answer.steps) == ("abstained", ())


# -- the earlier result ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "then"),
    [
        ("Within how many days may I return a device?", "read it aloud"),
        ("多少天之内可以退货？", "把它念出来"),
    ],
)
def test_an_answer_with_citations_is_read_aloud(asked, say, question, then):
    first = say(question)
    assert first.citations
    answer = say(then)
    assert (answer.status, experts(answer)) == ("answered", ["speech_synthesis"])
    (text,) = attached(asked, answer)
    assert text == Text("".join(segment.text for segment in first.segments))  # one sentence, no "[1]" in it
    (citation,) = answer.citations
    assert isinstance(citation, ExpertCitation)
    (spoken,) = answer.artifacts
    assert citation.outputs == {"audio": spoken.sha256}
    samples, rate_hz = spoken.samples()
    assert len(samples) / rate_hz > 1


@pytest.mark.parametrize(
    ("then", "expert"),
    [
        ("summarise it", "summarize"),
        ("What about its sentiment?", "sentiment"),
        ("Which language is it in?", "language_identification"),
        ("它的关键词有哪些？", "key_phrases"),
        ("总结一下", "summarize"),
    ],
)
def test_the_text_of_a_photo_is_worked_on(asked, say, sign, then, expert):
    say("What does the sign say?", sign("THE MUSEUM IS CLOSED", "ON GOOD FRIDAY"))
    answer = say(then)
    assert experts(answer) == [expert]
    assert [(a.kind, "MUSEUM" in a.value) for a in attached(asked, answer)] == [("text", True)]


def test_what_was_read_aloud_is_still_the_result(asked, say, sign):
    say("What does the sign say?", sign("WET FLOOR"))
    say("read it aloud")
    answer = say("What is its sentiment?")
    assert experts(answer) == ["sentiment"]
    assert [artifact.value for artifact in attached(asked, answer)] == ["WET FLOOR"]


def test_a_question_about_a_thing_on_a_photo_goes_to_the_library(asked, say, sign, sources):
    say("What does the sign say?", sign("Model XR-3000"))
    answer = say("How long is its warranty?")
    assert sources(asked, answer)[0][1] == "The warranty of the XR-3000 is 60 months from the date of purchase."


def test_it_after_a_run_that_broke_is_asked_about(say, sales):
    with pytest.raises(BadRequest):
        say("Plot the revenue by region and tell me the total revenue.", sales, budget=Budget(max_steps=1))
    answer = say("read it aloud")
    assert (answer.status, answer.steps) == ("needs_input", ())
    assert answer.question == "The turn before gave no result. Which text, picture or recording do you mean?"


# -- what stands on its own --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expert"),
    [
        ("Within how many days may I return a device?", "library_search"),
        ("How long does it take to get a refund?", "library_search"),
        ("多少天之内可以退货？", "library_search"),
        ("Is this about sports or cooking: “Boil the pasta for ten minutes.”", "zero_shot_classification"),
    ],
)
def test_an_unrelated_request_after_a_photo(asked, say, sign, text, expert):
    say("What does the sign say?", sign("EXIT"))
    answer = say(text)
    assert experts(answer) == [expert]
    assert attached(asked, answer) == ()


def test_a_declined_request_stays_declined_after_a_photo(say, sign):
    say("What does the sign say?", sign("EXIT"))
    assert say("Book me a flight to Paris.").status == "abstained"
    assert experts(say("read it aloud")) == ["speech_synthesis"]  # what was declined left the result where it was


def test_a_photo_comes_along_where_the_plan_lacks_one(asked, say, sign):
    say("What does the first sign say?", sign("EXIT", name="a.png"), sign("ENTRANCE", name="b.png"))
    say("and the second one?")
    answer = say("What are the dominant colours of the first picture?")
    assert (experts(answer), [a.name for a in attached(asked, answer)]) == (["picture_facts"], ["a.png", "b.png"])
    answer = say("How large is b.png in pixels?")
    assert (experts(answer), [a.name for a in attached(asked, answer)]) == (["picture_facts"], ["b.png"])
