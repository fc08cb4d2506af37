"""`baton controller`: train and show the planner that is trained on public sets and synthetic requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.output import errors_shown, note, print_json
from orchestrator.errors import BadRequest

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder for the weights.")],
    data: Annotated[Path | None, typer.Option(help="Holds ultratool/, toole/, bfcl/ or xquad/.")] = None,
    schedule: Annotated[str, typer.Option(help="full (up to an hour on two cores), short or tiny.")] = "full",
    without: Annotated[list[str] | None, typer.Option(help="A set to leave out; may be given again.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Build the compact controller's weights again. A run that was stopped goes on where it was."""
    with errors_shown(as_json):
        from orchestrator.controller.training.sources import training_data
        from orchestrator.controller.training.train import SCHEDULES, train_planner
        from orchestrator.orchestrator import embedded_cards

        if schedule not in SCHEDULES:
            raise BadRequest("schedule", schedule, f"one of {', '.join(SCHEDULES)}")
        chosen = SCHEDULES[schedule]
        cases = training_data(
            data,
            num_synthetic=chosen.num_synthetic,
            seed=seed,
            without=frozenset(without or ()),
            embedded=embedded_cards(),
        )
        train_planner(cases, out, chosen, seed=seed, progress=note)
        _show(out, as_json)


@app.command()
def show(
    weights: Annotated[Path, typer.Argument(help="Folder that `baton controller train` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """What a trained planner was made from, and how large it is."""
    with errors_shown(as_json):
        _show(weights, as_json)


def _show(folder: Path, as_json: bool) -> None:
    path = folder / "training.json"
    if not path.is_file():
        raise BadRequest("weights", str(folder), "a folder that `baton controller train` wrote")
    facts = json.loads(path.read_text("utf-8"))
    facts["num_bytes"] = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        print(f"{name.replace('_', ' ')}: {value}")
