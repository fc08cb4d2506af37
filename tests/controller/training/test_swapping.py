"""Other values in the same request: every span still holds its value."""

from __future__ import annotations

import random

from orchestrator.controller.training.cases import Call, Filled, PlanningCase
from orchestrator.controller.training.composed import repeated
from orchestrator.controller.training.swapping import swapped, values_by_port
from orchestrator.types import ExpertCard, Port

PORTS = (Port(name="city", kind="string"), Port(name="nights", kind="integer"), Port(name="rate", kind="float"))
BOOK = ExpertCard(name="book", inputs=PORTS)


def case(request, **said):
    """A case whose ports are filled by what stands in the request."""
    spans = {
        name: Filled(spans=((request.index(text), request.index(text) + len(text)),)) for name, text in said.items()
    }
    return PlanningCase("one", request, (BOOK,), (Call(0, spans),))


def filled(one):
    return [
        {name: [one.request[start:end] for start, end in own.spans] for name, own in call.inputs.items()}
        for call in one.calls
    ]


def test_values_go_and_their_places_go_along():
    rome = case("A room in Rome, 14 nights, at most 0.75 a night", city="Rome", nights="14", rate="0.75")
    new_york = case("New York for 3 nights", city="New York", nights="3")
    values = values_by_port([rome, new_york])
    assert values == {"city": ["Rome", "New York"]}
    other = swapped(rome, values, random.Random(0))
    [inputs] = filled(other)
    nights, rate = inputs["nights"][0], inputs["rate"][0]
    assert inputs["city"] == ["New York"]
    assert (len(nights), len(rate), rate[1]) == (2, 4, ".")
    assert other.request == f"A room in New York, {nights} nights, at most {rate} a night"
    assert rome.request.startswith("A room in Rome")


def test_a_value_of_two_ports_is_swapped_once_and_overlapping_ones_stay():
    request = "From 1999 to 1999"
    twice = PlanningCase(
        "two", request, (BOOK,), (Call(0, {"nights": Filled(spans=((5, 9),)), "rate": Filled(spans=((5, 9),))}),)
    )
    [inputs] = filled(swapped(twice, {}, random.Random(1)))
    assert inputs["nights"] == inputs["rate"]
    assert 1900 <= int(inputs["nights"][0]) < 2100
    within = PlanningCase(
        "in", request, (BOOK,), (Call(0, {"city": Filled(spans=((0, 9),)), "nights": Filled(spans=((5, 9),))}),)
    )
    assert swapped(within, {"city": ["To 5"]}, random.Random(1)) == within


def test_what_has_no_value_of_the_same_form_stays():
    here = case("flats in 东京 and Rome", city="东京")
    assert swapped(here, {"city": ["Paris", "lowercase", "东京"]}, random.Random(0)) == here


def test_a_request_with_several_values_says_the_rest_once():
    rome, oslo = (
        case(f"Book {nights} nights in {city}.", city=city, nights=nights)
        for city, nights in (("Rome", "3"), ("Oslo", "14"))
    )
    texts = set()
    for seed in range(30):
        both = repeated([rome, oslo, rome], random.Random(seed))
        assert filled(both) == [{"city": ["Rome"], "nights": ["3"]}, {"city": ["Oslo"], "nights": ["14"]}]
        texts.add(both.request)
    assert "Book 3 nights in Rome. Do the same for 14 nights in Oslo." in texts
    assert repeated([rome, rome], random.Random(0)) == rome
