"""Coordinations: what stands side by side, and the calls that it asks for."""

from __future__ import annotations

import re

import pytest

from orchestrator.controller.planner.coordination import coordinated
from orchestrator.types import ExpertCard, Port, Request


def groups_of(text, *names):
    quotes = [match.span(1) for match in re.finditer(r"'([^']+)'", text)]
    places = [(text.index(name), text.index(name) + len(name)) for name in names]
    return [[text[slice(*item)] for item in group] for group in coordinated(text, places, quotes)]


@pytest.mark.parametrize(
    ("text", "names", "groups"),
    [
        ("Find the factorial of 5,10 and 15.", (), [["5", "10", "15"]]),
        ("at a rate of 5%, for 10, 20 and 30 years", (), [["10", "20", "30"]]),
        ("runs of 5 km, 10 km and 15 km", (), [["5", "10", "15"]]),
        ("sides 3 and 4, or 5 and 6", (), [["3", "4"], ["5", "6"]]),
        ("12,000 and 1.5", (), [["12,000", "1.5"]]),
        ("Weather in Berlin and in Madrid", ("Berlin", "Madrid"), [["Berlin", "Madrid"]]),
        (
            "in Bonn, Germany, and Rome, Italy",
            ("Bonn", "Germany", "Rome", "Italy"),
            [["Bonn, Germany", "Rome, Italy"]],
        ),
        ("songs by 'Air' and 'Maroon 5'", ("Air", "Maroon"), [["Air", "Maroon 5"]]),
        ("5、10和15", (), [["5", "10", "15"]]),
        ("Paris, London", ("Paris", "London"), []),
        ("$2000 in Google and $1000 in Apple", ("Google", "Apple"), []),
        ("from 2022/11 to 3-4", (), []),
        ("", (), []),
    ],
)
def test_what_stands_side_by_side(text, names, groups):
    assert groups_of(text, *names) == groups


NUMBER = Port(name="number", kind="integer")


def values(text, *ports):
    """What the calls take where only the request's own words speak for values: a planner that learnt nothing."""
    import torch

    from orchestrator.controller.compact import CompactController
    from orchestrator.controller.planner.calibration import Calibration
    from orchestrator.controller.planner.configuration import PlannerConfig
    from orchestrator.controller.planner.modeling import Planner
    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.planner.weights import Weights

    model = Planner(PlannerConfig(num_layers=1, feed_forward_width=64)).eval()
    for query in model.query:
        torch.nn.init.zeros_(query.weight)
    controller = CompactController.of(Weights(Vectors(Reader().eval()), model, Calibration()))
    transcript = controller.transcript(Request(text=text), [ExpertCard(name="math", inputs=ports)])
    steps, _ = transcript.steps()
    return [{name: one.value for name, one in step.inputs.items()} for step in steps]


def test_an_expert_is_asked_once_for_each_item():
    found = values("What is the factorial of 5, 10 and 15?", NUMBER)
    assert sorted(one["number"] for one in found) == [5, 10, 15]


def test_items_that_fill_two_ports_of_one_call_ask_for_one():
    found = values("The greatest divisor of 36 and 48", NUMBER, Port(name="other", kind="integer"))
    assert {frozenset(one.values()) for one in found} == {frozenset((36, 48))}


def test_a_list_takes_all_items_and_begins_with_the_first():
    found, *_ = values("the floors 1, 2, 3 and 4", Port(name="floors", kind="array"))
    assert found["floors"] == [1, 2, 3, 4]
