"""Where does the controller stand? The table of its goals, beside plain similarity, copied plans and semantic-router.

    python -m benchmarks.controller --data DIR [--rows ROW ...] [--limit N] [--json OUT]
    python -m benchmarks.controller --data DIR --train NAME [--schedule short]

DIR holds toole/, clinc150/, ultratool/ and bfcl/ as `python -m benchmarks.convert` writes them. Rows on sets that the
shipped weights were trained on are scored with held-out weights alone, which `--train` makes, one NAME at a time. The
last line on standard output is one JSON document; `--json` writes it to a file with every sample of every row. The
peer semantic-router runs where it is installed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from benchmarks.controller.bench import Bench
from benchmarks.controller.heldout import DEFAULT_FOLDER, train
from benchmarks.controller.memory import memory
from benchmarks.controller.quality import QUALITY
from benchmarks.controller.score import Score, goal_of
from benchmarks.controller.sets import Sets
from benchmarks.controller.splits import NAMES
from benchmarks.controller.timing import latency
from orchestrator.errors import BatonError

OTHERS: dict[str, Callable[[Bench, str], list[Score]]] = {"latency": latency, "memory": memory}
ROWS = (*QUALITY, *OTHERS)
_DISTRIBUTIONS = ("torch", "transformers", "numpy", "semantic-router")
_MAX_RAW_SHOWN = 500  # samples of a row on standard output


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the JSON document, or train held-out weights."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.controller", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights-folder", type=Path, default=DEFAULT_FOLDER, metavar="DIR2")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--limit", type=int, metavar="N", help="score N random cases of each part, to try it")
    parser.add_argument("--train", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--shared-reader", action="store_true", help="of --train: with no-ultratool's reader")
    parser.add_argument("--schedule", default="short", help="of --train: full, short or tiny")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the document with all samples here")
    chosen = parser.parse_args(arguments)
    if chosen.limit is not None and chosen.limit < 1:
        parser.error("--limit must be 1 or more")
    try:
        if chosen.train is not None:
            shares = chosen.shared_reader
            folder = train(
                chosen.train, chosen.data, chosen.weights_folder, chosen.schedule, note, shares_reader=shares
            )
            print(json.dumps({"benchmark": "controller", "trained": chosen.train, "folder": str(folder)}))
            return
        scores = table(Sets(chosen.data, chosen.limit), chosen.weights_folder, chosen.rows)
    except BatonError as error:
        sys.exit(f"{error.message}\n{error.remedy}")
    full = document(scores, chosen.limit)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(full, indent=1, allow_nan=False), encoding="utf-8")
    for row in full["rows"]:
        if len(row["raw"]) > _MAX_RAW_SHOWN:
            row["raw"] = []
    print(json.dumps(full, allow_nan=False))


def note(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def table(sets: Sets, weights: Path, rows: Sequence[str]) -> list[Score]:
    """Every score of the rows, printed as soon as its row is done."""
    scores: list[Score] = []
    print(f"{'row':23} {'measure':42} {'system':22} {'value':>7} {'95 % interval':>18} {'floor':>6} {'aim':>6} mark")
    with Bench(sets, weights, note) as bench:
        for row in rows:
            found = _or_why_not(bench, row)
            for score in found:
                print(line(score), flush=True)
            scores += found
    return scores


def _of_row(bench: Bench, row: str) -> list[Score]:
    if row in OTHERS:
        return OTHERS[row](bench, row)
    needs, measured = QUALITY[row]
    lacking = next((path for path in map(bench.sets.lacks, needs) if path is not None), None)
    if lacking is not None:
        return [Score(row=row, system="all", measure="", estimate=None, note=f"not run: {lacking} is missing")]
    return measured(bench, row)


def _or_why_not(bench: Bench, row: str) -> list[Score]:
    """The row's scores; a row that cannot be measured says why and stops none of the others."""
    try:
        return _of_row(bench, row)
    except BatonError as error:
        return [Score(row=row, system="all", measure="", estimate=None, note=f"not run: {error.message}")]


def line(score: Score) -> str:
    """A score as a line of the table."""
    goal = goal_of(score)
    start = f"{score.row:23} {score.measure:42} {score.system:22}"
    floor, aim = (_shown(goal.floor), _shown(goal.aim)) if goal is not None else ("", "")
    if score.estimate is None:
        return f"{start} {'–':>7} {'':>18} {floor:>6} {aim:>6} {score.note}".rstrip()
    known = score.estimate
    interval = f"[{_shown(known.low)}, {_shown(known.high)}]"
    mark = goal.mark(score) if goal is not None else ""
    found = f"{start} {_shown(known.value):>7} {interval:>18} {floor:>6} {aim:>6} {mark:5}"
    return f"{found} {score.note}".rstrip()


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def document(scores: Sequence[Score], limit: int | None) -> dict[str, Any]:
    """Everything that was found, with what it was found with."""
    versions = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "benchmark": "controller",
        "versions": versions,
        "load": os.getloadavg(),
        "limit": limit,
        "rows": [_dumped(score) for score in scores],
    }


def _dumped(score: Score) -> dict[str, Any]:
    goal = goal_of(score)
    goals = None if goal is None else {"floor": goal.floor, "aim": goal.aim, "mark": goal.mark(score)}
    dumped = score.model_dump()
    if score.estimate is not None:  # JSON knows no nan
        dumped["estimate"] = {k: None if math.isnan(v) else v for k, v in dumped["estimate"].items()}
    return {**dumped, "raw": [round(value, 6) for value in score.raw], "goal": goals}


if __name__ == "__main__":
    main()
