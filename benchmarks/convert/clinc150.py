"""CLINC150: short requests with one of 150 intents, or with none. Knows no other set.

Larson et al., An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction, EMNLP 2019. `data_full.json`
holds pairs of request and intent in six parts: train, val, test, and oos_train, oos_val, oos_test, which fit none.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, Row, call, case, text_card

NUM_EXAMPLES = 10  # on each card: the first of its intent in `train`; leave them out of what you measure
DEVELOPMENT, MEASURING = ("train", "oos_train", "val", "oos_val"), ("test", "oos_test")


def convert(source: Path) -> Conversion:
    """`cards.jsonl`, `cases.jsonl` (train and val) and `test.jsonl`.

    Args:
        source: the folder `data` of the repository, or `data_full.json` itself.
    Raises:
        BadRequest: the file is missing or has another shape.
    """
    path = source if source.is_file() else raw.existing(source, "data_full.json")
    parts = raw.typed(raw.document(path), dict, path.name)
    examples: dict[str, list[str]] = defaultdict(list)
    for request, intent in pairs(parts, "train"):
        examples[intent].append(request)
    return Conversion(
        {
            "cards.jsonl": [
                text_card(intent, intent.replace("_", " "), examples[intent][:NUM_EXAMPLES])
                for intent in sorted(examples)
            ],
            "cases.jsonl": [row for part in DEVELOPMENT for row in cases(parts, part)],
            "test.jsonl": [row for part in MEASURING for row in cases(parts, part)],
        }
    )


def cases(parts: dict[str, Any], part: str) -> list[Row]:
    """The cases of a part; those of an `oos` part have no nodes."""
    prefix = f"clinc-{part.replace('_', '-')}"
    return [
        case(f"{prefix}-{number}", request, [] if part.startswith("oos") else [call(intent)])
        for number, (request, intent) in enumerate(pairs(parts, part))
    ]


def pairs(parts: dict[str, Any], part: str) -> list[tuple[str, str]]:
    """Request and intent, as they follow one another in the part."""
    found = []
    for number, entry in enumerate(raw.field(parts, part, list, "data_full.json")):
        place = f"data_full.json, {part} {number}"
        pair = raw.texts(entry, place)
        if len(pair) != 2:
            raise raw.BadRequest(place, entry, "a request and an intent", raw.REMEDY)
        found.append((pair[0], pair[1]))
    return found
