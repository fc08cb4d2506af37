"""convert_units: an expert for Baton that converts a quantity between units. Knows no other expert."""

from __future__ import annotations

import re
from typing import Annotated

from baton_unit_converter.units import Quantity, quantity_in, units_named
from orchestrator import Json, expert
from orchestrator.errors import BadRequest

__all__ = ["convert_units"]


@expert(
    title="unit converter",
    task="unit-conversion",
    licence="Apache-2.0",
    openness="open-science",
    author="The Baton authors",
    examples=[
        "How many kilometres are 5 miles?",
        "Convert 72 degrees Fahrenheit to Celsius",
        "What is 180 pounds in kilograms?",
        "How many litres is a gallon?",
        "Convert 3 feet to centimetres",
        "5英里是多少公里?",
        "把华氏72度换算成摄氏度",
        "180磅等于多少公斤?",
        "一加仑是多少升?",
    ],
    says={
        "en": ("{given} is {converted}.",),
        "zh": ("{given_zh}等于 {converted_zh}。",),
    },
    limits="Knows some forty units of length, mass, volume, area, speed, temperature, energy and pressure only.",
)
def convert_units(
    question: Annotated[str, "a question with a quantity and the unit that it is wanted in"],
) -> Annotated[Json, "given and converted in words, value, from and to"]:
    """Convert a measurement to another unit: miles to kilometres, pounds to kilograms, Fahrenheit to Celsius."""
    given, wanted = read(question)
    try:
        converted = given.to(wanted.unit)
    except ValueError as error:
        raise BadRequest("question", question, f"two units of one kind ({error})") from error
    return {
        "given": given.unit.spoken(given.value, False),
        "converted": converted.unit.spoken(converted.value, False),
        "given_zh": given.unit.spoken(given.value, True),
        "converted_zh": converted.unit.spoken(converted.value, True),
        "value": converted.value,
        "from": given.unit.names[0],
        "to": converted.unit.names[0],
    }


def read(question: str) -> tuple[Quantity, Quantity]:
    """The quantity that is given and, as one of it, the unit that is wanted.

    Raises:
        BadRequest: no number with a unit, or no second unit.
    """
    spoken = _with_degrees(question)
    found = quantity_in(spoken)
    if found is None:
        raise BadRequest("question", question, "a number and its unit, such as 5 miles", "Say how much of which unit.")
    end, given = found
    wanted = next(
        (unit for start, _, unit in units_named(spoken) if unit != given.unit and not start < end <= start),
        None,
    )
    if wanted is None:
        raise BadRequest(
            "question", question, "a second unit to convert to", "Say which unit you want, e.g. in kilometres."
        )
    return given, Quantity(1.0, wanted)


def _with_degrees(text: str) -> str:
    """Chinese says the scale before the number (华氏72度); behind it, as everywhere else, it can be read."""
    return re.sub(r"(华氏|摄氏)\s*(零下)?\s*(-?[\d.]+)\s*度", r"\2\3\1度", text)
