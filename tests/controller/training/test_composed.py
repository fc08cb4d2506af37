"""Single requests joined into one that needs several experts."""

import random

from orchestrator.controller.training.cases import Call, Filled, PlanningCase
from orchestrator.controller.training.composed import abridged, composed, related
from orchestrator.types import ExpertCard, Port


def case(name, request, *spans):
    port = Port(name="query", kind="text")
    card = ExpertCard(name=name, inputs=(port,), outputs=(Port(name="output", kind="text"),))
    told = Filled(spans=spans or ((0, len(request)),))
    return PlanningCase(name, request, (card,), (Call(0, {"query": told}),))


def test_a_later_part_says_what_it_wants_and_nothing_else():
    weather = case("weather", "I fly to Oslo on Monday. Could you please tell me how cold it will be there? Thanks!")
    news = case("news", "Hello, can you help me find the latest news about Oslo? I am curious.")
    first, second = abridged(weather, is_first=True), abridged(news, is_first=False)
    assert first.request == "Could you please tell me how cold it will be there"
    assert second.request == "find the latest news about Oslo"
    assert first.calls[0].inputs["query"].spans == ((0, len(first.request)),)
    joined = composed([first, second], random.Random(0))
    spans = [call.inputs["query"].spans[0] for call in joined.calls]
    assert [joined.request[start:end] for start, end in spans] == [first.request, second.request]


def test_a_part_whose_values_stand_in_it_stays_as_it_is():
    valued = case("weather", "Can you tell me the weather in Oslo? Any idea?", (31, 35))
    assert abridged(valued, is_first=False) is valued
    short = case("figlet", "Please go. Now.")
    assert abridged(short, is_first=False) is short


def test_the_most_related_request_is_one_for_another_expert():
    first = case("stocks", "What are the best stocks of car makers?")
    same, near, far = (
        case("stocks", "What are the best stocks of car makers today?"),
        case("news", "Find news on car makers"),
        case("pets", "Name my parrot"),
    )
    assert related(first, [far, same, near]) is near
