"""Berkeley Function Calling Leaderboard v4, the parts of one turn: requests that bring their own functions.

Knows no other set. Patil et al., The Berkeley Function Calling Leaderboard, ICML 2025. `BFCL_v4_PART.json` holds rows
of `id`, `question` (turns of messages) and `function`; `possible_answer/` holds, for each `id`, the calls with lists of
the values that count as right. Parts that end in `irrelevance` have no answer: none of the functions fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, Row, card, case, port
from orchestrator.types import ValueKind

PARTS = (
    "simple_python", "multiple", "parallel", "parallel_multiple",
    "live_simple", "live_multiple", "live_parallel", "live_parallel_multiple",
    "irrelevance", "live_irrelevance",
)  # fmt: skip
_KINDS = {
    **{kind: kind for kind in get_args(ValueKind)},
    "number": "float",
    "object": "dict",
    "list": "array",
    "bool": "boolean",
}


def convert(source: Path) -> Conversion:
    """`cases.jsonl`: every part, `group` says which; each case has its own cards.

    Args:
        source: the folder `bfcl_eval/data` of the leaderboard.
    Raises:
        BadRequest: a file is missing or has another shape, or a request has no answer.
    """
    return Conversion({"cases.jsonl": [row for part in PARTS for row in cases(source, part)]})


def cases(source: Path, part: str) -> list[Row]:
    """The cases of a part, in the order of its file."""
    name = f"BFCL_v4_{part}.json"
    declines = part.endswith("irrelevance")
    answers: dict[str, list[Row]] = {}
    if not declines:
        for place, row in raw.lines(raw.existing(source, f"possible_answer/{name}"), "id", "ground_truth"):
            answers[str(row["id"])] = calls(row["ground_truth"], f"possible_answer/{place}")
    converted = []
    for place, row in raw.lines(raw.existing(source, name), "id", "question", "function"):
        id = str(row["id"])
        if not declines and id not in answers:
            raise raw.BadRequest(place, id, f"an id of possible_answer/{name}", raw.REMEDY)
        functions = [function_card(entry, place) for entry in raw.typed(row["function"], list, f"{place}, function")]
        request = asked(row["question"], f"{place}, field question")
        converted.append(case(id, request, answers.get(id, []), group=part, cards=functions))
    return converted


def asked(turns: Any, place: str) -> str:
    """What the user says in the first turn; instructions to the system are no part of the request."""
    turn = raw.typed((raw.typed(turns, list, place) or [None])[0], list, place)
    messages = [(raw.field(m, "role", str, place), raw.field(m, "content", str, place)) for m in turn]
    said = [content for role, content in messages if role == "user"]
    if not said:
        raise raw.BadRequest(place, turns, "a turn with a message of the user", raw.REMEDY)
    return "\n".join(said)


def function_card(function: Any, place: str) -> Row:
    """The card of a function; what it gives back is not said, so it is a text."""
    name = raw.field(function, "name", str, place)
    place = f"{place}, function {name}"
    parameters = raw.field(function, "parameters", dict, place)
    required = parameters.get("required") or []
    properties = raw.field(parameters, "properties", dict, place)
    inputs = [parameter_port(key, entry, key in required, place) for key, entry in properties.items()]
    return card(name, str(function.get("description", "")), inputs, [port("result", "text")])


def parameter_port(name: str, entry: Any, required: bool, place: str) -> Row:
    """The input of a parameter. A type that Baton has no word for is `any`."""
    described = raw.typed(entry, dict, f"{place}, parameter {name}")
    kind = _KINDS.get(str(described.get("type")), "any")
    made = port(name, kind, str(described.get("description", "")), required=required)
    return {**made, **{key: described[key] for key in ("enum", "default") if key in described}}


def calls(truth: Any, place: str) -> list[Row]:
    """The right calls, each with the values that count as right."""
    nodes = []
    for entry in raw.typed(truth, list, place):
        called: Mapping[str, Any] = raw.typed(entry, dict, place)
        for expert, accepts in called.items():
            nodes.append({"expert": expert, "accepts": raw.typed(accepts, dict, f"{place}, {expert}")})
    return nodes
