"""The experts' tab as markup: every registered card, and what did not load. Knows no request."""

from __future__ import annotations

from orchestrator.registry.registry import Registry
from ui.citations import card_fields
from ui.markup import Html, html
from ui.steps import capitalised
from ui.strings import Strings


def experts_html(registry: Registry, strings: Strings) -> Html:
    """Every expert of this process, by title."""
    entries = sorted(registry.entries, key=lambda entry: entry.card.spoken_name.lower())
    cards = [
        html(
            "article",
            html("h3", capitalised(entry.card.spoken_name), html("small", f"{entry.card.name} {entry.card.version}")),
            html("p", entry.card.description),
            card_fields(entry.card, entry.origin, strings),
            class_="card",
            data_expert=entry.card.name,
        )
        for entry in entries
    ]
    problems = [html("li", html("b", problem.origin), " ", problem.error) for problem in registry.problems]
    return html(
        "div",
        html("p", strings["experts_count"].format(count=len(cards)), class_="hint"),
        html("div", html("b", strings["problems"]), html("ul", *problems), class_="error") if problems else None,
        html("div", *cards, class_="cards"),
    )
