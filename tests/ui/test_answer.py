"""Turns as markup: marks come from segments, brackets in quoted text stay text, steps say what they did."""

from __future__ import annotations

from orchestrator.types import (
    Answer,
    AnswerReady,
    ErrorInfo,
    Plan,
    PlanReady,
    Request,
    Segment,
    SourceCitation,
    Step,
    StepDone,
    StepResult,
    StepStarted,
    Token,
)
from ui.answer import answer_text, turn_html
from ui.strings import all_strings, strings_for
from ui.turn import Turn

EN = all_strings()["en"]


def _citation(quote: str) -> SourceCitation:
    return SourceCitation(document="d1", title="Manual", sha256="0" * 64, start=0, end=len(quote), quote=quote)


def test_marks_are_buttons_and_brackets_in_sentences_stay_text() -> None:
    answer = Answer(
        status="answered",
        text="See note [2] of <the> list. [1] It ends. [1]",
        segments=(
            Segment(text="See note [2] of <the> list.", citations=(0,), origin="source"),
            Segment(text="It ends.", citations=(0,), origin="source"),
        ),
        citations=(_citation("See note [2] of <the> list."),),
        trace_id="abc",
    )
    opens = 'type="button" data-action="cite" data-run="abc" data-index="0"'
    mark = f'<button {opens} class="mark" title="Manual">[1]</button>'
    assert answer_text(answer, EN) == (
        f'<span class="sentence">See note [2] of &lt;the&gt; list.</span>{mark}'
        f' <span class="sentence">It ends.</span>{mark} '
    )


def test_a_sentence_of_a_model_without_source_is_labelled() -> None:
    answer = Answer(status="answered", text="So be it.", segments=(Segment(text="So be it.", origin="model"),))
    assert answer_text(answer, EN) == '<span class="sentence">So be it.</span><span class="unsourced">no source</span>'


def test_a_turn_is_folded_from_events() -> None:
    plan = Plan(status="planned", steps=(Step(id="a", expert="x"), Step(id="b", expert="y", after=("a",))))
    result = StepResult(step="a", expert="x", status="done", duration_s=0.5)
    answer = Answer(status="answered", text="Yes.")
    request = Request(text="Is it?", conversation_id="c")
    turn = Turn(request)
    for event in (PlanReady(plan=plan), StepStarted(step="a", expert="x"), StepDone(result=result), Token(text="Ye")):
        turn = turn.after(event)
    assert turn == Turn(request, "running", plan, frozenset({"a"}), {"a": result}, "Ye")
    page = turn_html(turn, lambda name: None, EN)
    assert "1 of 2 steps" in page
    assert 'data-step="a" data-state="done"' in page
    assert 'data-step="b" data-state="waiting"' in page
    turn = turn.after(AnswerReady(answer=answer))
    assert (turn.state, turn.text, turn.answer) == ("answered", "Yes.", answer)


def test_a_stopped_turn_shows_what_was_running_as_stopped() -> None:
    plan = Plan(status="planned", steps=(Step(id="a", expert="x"),))
    turn = Turn(Request(text="Is it?")).after(PlanReady(plan=plan)).after(StepStarted(step="a", expert="x")).stopped()
    page = turn_html(turn, lambda name: None, EN)
    assert 'data-step="a" data-state="stopped"' in page
    assert "Stopped." in page


def test_a_broken_turn_shows_the_typed_error_with_its_remedy() -> None:
    error = ErrorInfo(type="BadRequest", message="text is '<b>'; legal is words", remedy="Write words.")
    page = turn_html(Turn(Request(text="?")).broken(error), lambda name: None, EN)
    assert (
        '<div class="error" role="alert"><strong>BadRequest</strong>'
        '<p>text is &#x27;&lt;b&gt;&#x27;; legal is words</p><p class="remedy">Write words.</p></div>'
    ) in page


def test_both_languages_have_the_same_keys_and_fields() -> None:
    import string

    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field}

    english, chinese = all_strings()["en"], all_strings()["zh"]
    assert english.keys() == chinese.keys()
    assert {k: fields(v) for k, v in english.items()} == {k: fields(v) for k, v in chinese.items()}


def test_the_browser_s_first_language_decides() -> None:
    assert strings_for("zh-CN,zh;q=0.9,en;q=0.8") is all_strings()["zh"]
    assert strings_for("de-DE,zh;q=0.5") is all_strings()["en"]
    assert strings_for(None) is all_strings()["en"]
