"""Are requests over Baton's own experts answered rightly, and is it ever wrong and sure? 120 requests, half Chinese.

    python -m benchmarks.own_requests [--controller NAME] [--weights DIR] [--only ID ...] [--json OUT]

A third needs an expert that is registered or trained here; the library holds the documents of `examples/library`. Files
are drawn, spoken and written first. Every answer is judged by the patterns and files of its request; an answer is
confidently wrong where its status is answered, its checker fails and its confidence is 0.5 or more. The controller
`reference` runs the right plans that stand beside the requests: what a perfect planner reaches. The last line is one
JSON document. Needs the extra `speech`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.own_requests.judging import Judgement, Row, judged, rows_of
from benchmarks.own_requests.media import make_media
from benchmarks.own_requests.readers import register_all
from benchmarks.own_requests.reference import ReferenceController
from benchmarks.own_requests.request import FOLDER, FRESH, OwnRequest, chosen, read_requests
from orchestrator import Orchestrator
from orchestrator.errors import BatonError
from orchestrator.types import Answer, ErrorInfo

LIBRARY = Path(__file__).parents[2] / "examples" / "library"


def main() -> None:
    """Ask everything, print the failures, a table and the JSON document."""
    parser = argparse.ArgumentParser(prog="benchmarks.own_requests", description=__doc__)
    parser.add_argument("--controller", help="as controller.name in baton.toml, or reference")
    parser.add_argument("--weights", type=Path, help="folder of a trained controller")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID")
    parser.add_argument("--fresh", action="store_true", help="the requests written after everything was tuned")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every judgement here, a JSON line each")
    arguments = parser.parse_args()
    try:
        every = read_requests(FRESH if arguments.fresh else FOLDER)
        requests = chosen(every, arguments.only)
        if arguments.controller == ReferenceController.name:
            judgements = asked(requests, {}, ReferenceController(every))
        else:
            judgements = asked(requests, _settings(arguments.controller, arguments.weights))
    except BatonError as error:
        sys.exit(f"{error}")
    show_failures(requests, judgements)
    rows = rows_of(requests, judgements)
    show(rows)
    if arguments.json is not None:
        lines = [judgement.model_dump_json() for judgement in judgements]
        arguments.json.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(
        json.dumps(
            {
                "benchmark": "own_requests",
                "controller": arguments.controller or "default",
                "python": sys.version.split()[0],
                "rows": [row.model_dump() for row in rows],
                "wrong": [judgement.id for judgement in judgements if not judgement.is_right],
            }
        )
    )


def _settings(controller: str | None, weights: Path | None) -> dict[str, Any]:
    """The settings of a home, the controller named where one is."""
    named = {"name": controller, "weights": None if weights is None else str(weights)}
    chosen_ones = {key: value for key, value in named.items() if value is not None}
    return {"controller": chosen_ones} if chosen_ones else {}


def asked(
    requests: Sequence[OwnRequest], settings: dict[str, Any], reference: ReferenceController | None = None
) -> list[Judgement]:
    """Every request's judgement, in order, from one Orchestrator in a home of its own.

    Raises:
        BatonError: the controller cannot start.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        Orchestrator(settings, controller=reference, home=Path(folder) / "home") as baton,
    ):
        media = Path(folder) / "media"
        make_media(media)
        register_all(baton, Path(folder) / "training")
        baton.library.add([LIBRARY])
        first = requests[0]
        baton.plan(first.text, [media / name for name in first.files])  # a controller that cannot start ends the run
        conversations: dict[str, str] = {}
        judgements = []
        for request in requests:
            conversation = conversations.get(request.follows or "", f"conversation-{request.id}")
            conversations[request.id] = conversation
            files = [media / name for name in request.files]
            began = time.perf_counter()
            answer = _answer(baton, request.text, files, conversation)
            judgements.append(judged(request, answer, round(time.perf_counter() - began, 3)))
        return judgements


def _answer(baton: Orchestrator, text: str, files: list[Path], conversation: str) -> Answer:
    """The answer; an error that a person would see in its place is a failed answer."""
    try:
        return baton.run(text, files, conversation=conversation)
    except BatonError as error:
        return Answer(status="failed", text=str(error), error=ErrorInfo.of(error))


def show_failures(requests: Sequence[OwnRequest], judgements: Sequence[Judgement]) -> None:
    """Print every wrong answer with the plan that ran and the one that was wanted."""
    for request, judgement in zip(requests, judgements, strict=True):
        if judgement.is_right:
            continue
        mark = "SURE " if judgement.is_confidently_wrong else ""
        files = "".join(f" +{name}" for name in request.files)
        print(f"{mark}{request.id} ({request.kind}) {request.text}{files}")
        print(f"    {judgement.status} {judgement.confidence:.2f}; {'; '.join(judgement.missing)}")
        print(f"    ran {', '.join(judgement.plan) or 'nothing'}; wanted {', '.join(request.experts) or 'nothing'}")
        print("    " + " ".join(judgement.text.split())[:300])


def show(rows: Sequence[Row]) -> None:
    """Print the table, each share with its 95 % interval."""
    print(f"{'group':12} {'n':>4}  {'right':23} confidently wrong")
    for row in rows:
        shares = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in (row.right, row.confidently_wrong)]
        print(f"{row.group:12} {row.right.num_samples:4}  {shares[0]:23} {shares[1]}")


if __name__ == "__main__":
    main()
