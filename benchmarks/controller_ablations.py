"""What does each part of the compact controller bring? Parts switched off one at a time, weights left as they are.

    python -m benchmarks.controller_ablations --data DIR [--weights-folder DIR2] [--limit 300]

Scores the weights of `python -m benchmarks.controller --train no-ultratool`, which saw neither UltraTool nor thirty
experts of ToolE, on just these, and on our own twins in both languages. Nothing is trained anew, so a part that is off
still shaped what the others learnt. The last line is one JSON document.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.controller.heldout import DEFAULT_FOLDER, folder_of
from benchmarks.controller.quality import is_first_right, link_f1, node_f1
from benchmarks.controller.sets import Case, Sets
from orchestrator.controller.compact import CompactController
from orchestrator.evaluation.metrics import estimate
from orchestrator.evaluation.plans import PlannedCase, as_case, request_of_row

Switch = Callable[[CompactController], contextlib.AbstractContextManager[None]]
_SEED = 7


def main() -> None:
    """Run every variant on the same cases, print a table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights-folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--limit", type=int, default=300)
    arguments = parser.parse_args()
    sets = Sets(arguments.data)
    folder = folder_of(arguments.weights_folder, "no-ultratool")
    rows = []
    for name, switch in VARIANTS.items():
        controller = CompactController(folder)
        with switch(controller):
            row = {"variant": name, **scores(controller, sets, arguments.limit)}
        rows.append(row)
        print(f"{name:34}", "  ".join(f"{key} {value['value']:.3f}" for key, value in row.items() if key != "variant"))
    print(json.dumps({"benchmark": "controller_ablations", "versions": {"torch": version("torch")}, "rows": rows}))


def scores(controller: CompactController, sets: Sets, limit: int) -> dict[str, Any]:
    """The measures of one variant."""
    (left_out,) = sets.experiment("ultratool-left-out").parts
    unseen = sets.experiment("toole-unseen").parts[0]
    english, chinese = (sets.experiment(f"twins-{language}").parts[0] for language in ("en", "zh"))
    found: dict[str, Any] = {}
    planned = plans(controller, left_out.cases, limit)
    found["UltraTool nodes"] = dumped([node_f1(result) for result in planned])
    found["UltraTool links"] = dumped([link_f1(result) for result in planned])
    found["ToolE unseen"] = dumped([is_first_right(result) for result in plans(controller, unseen.cases, limit)])
    found["twins en"] = dumped([node_f1(result) for result in plans(controller, english.cases, limit)])
    found["twins zh"] = dumped([node_f1(result) for result in plans(controller, chinese.cases, limit)])
    return found


def plans(controller: CompactController, cases: Sequence[Case], limit: int) -> list[tuple[Case, PlannedCase]]:
    """Cases at random, the same for every variant, with their plans."""
    chosen = random.Random(_SEED).sample(list(cases), min(limit, len(cases)))
    results = []
    for case in chosen:
        request = request_of_row(case.row)
        plan = controller.planned(request, case.cards)
        results.append((case, as_case(str(case.row["id"]), plan, request, case.cards, 0.0)))
    return results


def dumped(values: Sequence[float]) -> dict[str, float]:
    found = estimate(list(values))
    return {"value": found.value, "low": found.low, "high": found.high}


# -- what is switched off ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def nothing(controller: CompactController) -> Iterator[None]:
    yield


@contextlib.contextmanager
def pointer(controller: CompactController) -> Iterator[None]:
    """Experts are chosen by their similarities alone."""
    import torch

    from orchestrator.controller.planner.symbols import Slot

    with torch.no_grad():
        query = controller.weights.model.query[int(Slot.EXPERT)]
        query.weight.zero_()
        query.bias.zero_()
    yield


@contextlib.contextmanager
def similarities(controller: CompactController) -> Iterator[None]:
    """Experts are chosen by the pointer alone."""
    import torch

    with torch.no_grad():
        model = controller.weights.model
        model.sharpness.zero_()
        model.exemplified_sharpness.zero_()
    yield


def similarity(position: int) -> Switch:
    """Cards are chosen without one of their similarities; the positions are those of `sharpness`."""

    @contextlib.contextmanager
    def switch(controller: CompactController) -> Iterator[None]:
        import torch

        with torch.no_grad():
            model = controller.weights.model
            model.sharpness[position] = model.exemplified_sharpness[position] = 0.0
        yield

    return switch


@contextlib.contextmanager
def choosing(controller: CompactController) -> Iterator[None]:
    """Experts are chosen in the order of the text at once, as over known cards."""
    import torch

    from orchestrator.controller.planner.decoding import Decoder, Written

    @torch.no_grad()
    def write_at_once(decoder: Decoder) -> Written:
        decoder._is_ordered = True
        return decoder._written()

    kept, Decoder.write = Decoder.write, write_at_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        Decoder.write = kept  # type: ignore[method-assign]


@contextlib.contextmanager
def late_end(controller: CompactController) -> Iterator[None]:
    """A plan ends as soon as that is likelier than going on."""
    model = controller.weights.model
    model.config = dataclasses.replace(model.config, unknown_end=0.5)
    yield


@contextlib.contextmanager
def short_parts(controller: CompactController) -> Iterator[None]:
    """Parts of twelve tokens alone."""
    from orchestrator.controller.planner import parts

    kept, parts.LENGTHS = parts.LENGTHS, parts.LENGTHS[:1]
    forget_parts()
    try:
        yield
    finally:
        parts.LENGTHS = kept
        forget_parts()


def forget_parts() -> None:
    """Drop what was computed for other lengths."""
    from orchestrator.controller.planner import parts

    parts.places_of.cache_clear()
    parts.covered.cache_clear()


@contextlib.contextmanager
def segments(controller: CompactController) -> Iterator[None]:
    """The whole request as one segment."""
    from orchestrator.controller.planner import marks

    kept, marks.segments_of = marks.segments_of, lambda text: ((0, len(text)),)
    try:
        yield
    finally:
        marks.segments_of = kept


@contextlib.contextmanager
def trained_reader(controller: CompactController) -> Iterator[None]:
    """The encoder as it came, under a decoder that was trained on the tuned one."""
    from orchestrator.controller.planner.reading import Reader

    plain = Reader(is_frozen=True)
    reader = controller.weights.vectors.reader
    reader.upper_layers.load_state_dict(plain.upper_layers.state_dict())
    yield


@contextlib.contextmanager
def silent_ports(controller: CompactController) -> Iterator[None]:
    """Ports that say nothing may be filled with anything."""
    from orchestrator.controller.planner import writing

    kept = writing.is_silent
    writing.is_silent = lambda port: False
    try:
        yield
    finally:
        writing.is_silent = kept


VARIANTS: dict[str, Switch] = {
    "everything": nothing,
    "without the pointer to cards": pointer,
    "without the similarities": similarities,
    "without the attended part": similarity(-1),
    "without shared words": similarity(3),
    "without choosing first": choosing,
    "without the late end": late_end,
    "without short parts": short_parts,
    "without segments": segments,
    "without the reader's training": trained_reader,
    "without the rule of silent ports": silent_ports,
}

if __name__ == "__main__":
    sys.exit(main())
