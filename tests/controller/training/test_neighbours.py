"""Which cards training puts around a case: those that inference would have to tell apart."""

from __future__ import annotations

import random

from orchestrator.controller.training.cases import Call, PlanningCase
from orchestrator.types import ExpertCard


def card(name, description):
    return ExpertCard(name=name, description=description, inputs=(), outputs=())


def test_neighbours_are_alike_but_cannot_do_the_same():
    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.training.neighbours import Neighbours

    flights = card("flight_search", "Finds flights between two cities.")
    again = card("find_flights", "Searches flights between two cities.")
    trains = card("train_search", "Finds trains between two stations and their fares.")
    others = [card(f"sheet_{i}", f"Sorts the rows of table number {i}.") for i in range(30)]
    near = Neighbours({"invented": [*others, again, trains], "own": [flights, again, *others]}, Vectors(Reader()))
    case = PlanningCase("1", "Are there flights from Oslo to Rome?", (flights,), (Call(0, {}),), source="own")
    assert near.near(case, "invented", random.Random(0))[0] == trains
    assert [one.name for one in near.near(case, "own", random.Random(0))[:2]] in (
        ["flight_search", "find_flights"],
        ["find_flights", "flight_search"],
    )
    assert len(near.near(case, "own", random.Random(0))) == 24
