"""The plan's steps as markup: what runs, on which device, how long, how sure, and why. Knows no answer."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.types import ExpertCard, Step, StepResult
from ui.markup import Html, html
from ui.strings import Strings
from ui.turn import Turn

_ICONS = {"waiting": "○", "running": "", "done": "✓", "failed": "!", "skipped": "–", "stopped": "■"}
CardOf = Callable[[str], ExpertCard | None]


def steps_of(turn: Turn, card_of: CardOf, strings: Strings) -> Html | None:
    """The steps of a turn, open while they run; None where there is no plan yet."""
    if turn.plan is None or not turn.plan.steps:
        return None
    total = len(turn.plan.steps)
    if turn.state == "running":
        summary = strings["steps_running"].format(done=len(turn.results), total=total)
    else:
        duration_s = max((r.started_s + r.duration_s for r in turn.results.values()), default=0.0)
        key = "steps_done_one" if total == 1 else "steps_done"
        summary = strings[key].format(total=total, duration=spoken_duration(duration_s))
    dots = [html("i", class_=f"dot {_state(step, turn)}") for step in turn.plan.steps]
    lines = [_line(step, turn, card_of, strings) for step in turn.plan.steps]
    return html(
        "details",
        html("summary", html("span", *dots, class_="dots"), summary),
        html("ol", *lines),
        class_="steps",
        open=turn.state == "running",
    )


def capitalised(title: str) -> str:
    """A title with its first letter large, the others as they are."""
    return title[:1].upper() + title[1:]


def spoken_duration(duration_s: float) -> str:
    """A duration with a unit that fits: 84 ms, 1.2 s, 95 s."""
    if duration_s < 0.995:
        return f"{duration_s * 1000:.0f} ms"
    return f"{duration_s:.1f} s" if duration_s < 60 else f"{duration_s:.0f} s"


def _state(step: Step, turn: Turn) -> str:
    result = turn.results.get(step.id)
    if result is not None:
        return result.status
    if turn.state != "running":
        return "stopped"
    return "running" if step.id in turn.started else "waiting"


def _line(step: Step, turn: Turn, card_of: CardOf, strings: Strings) -> Html:
    state = _state(step, turn)
    result = turn.results.get(step.id)
    name = result.expert if result is not None else step.expert
    card = card_of(name)
    facts = [strings[state]] if result is None else _facts(result, strings)
    error = result.error if result is not None else None
    return html(
        "li",
        html(
            "span", _ICONS[state], class_=f"icon {state}", role="img", aria_label=strings[state], title=strings[state]
        ),
        html(
            "div",
            html("span", capitalised(card.spoken_name if card else name), class_="title"),
            html("span", " · ".join(facts), class_="facts"),
            html("div", step.why, class_="why") if step.why else None,
            html("div", f"{error.type}: {error.message}", class_="why bad") if error else None,
        ),
        data_step=step.id,
        data_state=state,
    )


def _facts(result: StepResult, strings: Strings) -> list[str]:
    facts = []
    if result.status != "done":
        facts.append(strings[result.status])
    if result.status != "skipped":
        facts += [spoken_duration(result.duration_s), result.device]
    if result.confidence is not None:
        facts.append(strings["confidence"].format(percent=f"{result.confidence * 100:.0f}"))
    if result.tried:
        facts.append(strings["instead_of"].format(names=", ".join(result.tried)))
    return facts
