"""`baton experts`: list, show, add, remove, check, train, new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import errors_shown, note, print_json

if TYPE_CHECKING:
    from orchestrator.registry.registry import Registry
    from orchestrator.types import ExpertCard

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
NameArgument = Annotated[str, typer.Argument(help="Name of the expert.")]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Every registered expert, and what could not be loaded."""
    with errors_shown(as_json):
        registry = _registry()
        if as_json:
            print_json({"experts": list(registry.entries), "problems": registry.problems})
            return
        for entry in registry.entries:
            card = entry.card
            takes = ", ".join(port.kind for port in card.inputs if port.required)
            gives = ", ".join(port.kind for port in card.outputs)
            print(f"{card.name:28} {takes} -> {gives}   {card.licence or 'no licence named'}   {entry.origin}")
        for problem in registry.problems:
            note(f"not loaded: {problem.origin}: {problem.error}")


@app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """The card of one expert."""
    with errors_shown(as_json):
        card = _registry().card(name)
        if as_json:
            print_json(card)
        else:
            print_card(card)


@app.command()
def add(
    locator: Annotated[str, typer.Argument(help="path:DIR, a transformers checkpoint or a skops file.")],
    name: Annotated[str | None, typer.Option(help="Name in plans; the folder's where left out.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for, in a sentence.")] = None,
    example: Annotated[list[str] | None, typer.Option(help="A request that it serves; may be given again.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add an expert from a folder; it is copied into BATON_HOME."""
    with errors_shown(as_json):
        card = _registry().store(locator, name=name, description=description, examples=example or ())
        if as_json:
            print_json(card)
        else:
            print_card(card)


@app.command()
def train(
    task: Annotated[str, typer.Option(help="text-classification, audio-classification or image-classification.")],
    data: Annotated[Path, typer.Option(help="A table with text and label, or a folder with a folder a label.")],
    name: Annotated[str | None, typer.Option(help="Name in plans; the data's where left out.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for, in a sentence.")] = None,
    encoder: Annotated[str, typer.Option(help='"embedded" or the hub id of an encoder.')] = "embedded",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train an expert on labelled data; its card tells the cross-validated scores."""
    with errors_shown(as_json):
        card = _registry().train(
            task,
            data,
            name=name or _name_of(data),
            description=description,
            encoder=encoder,
            seed=seed,
            progress=note,
        )
        if as_json:
            print_json(card)
        else:
            print_card(card)


@app.command()
def remove(name: NameArgument, as_json: JsonOption = False) -> None:
    """Remove an expert that was added or trained here."""
    with errors_shown(as_json):
        _registry().remove(name)
        if as_json:
            print_json({"removed": name})
        else:
            print(f"removed {name}")


@app.command()
def check(name: NameArgument, as_json: JsonOption = False) -> None:
    """Hold an expert's card against what is needed to find, run and credit it."""
    with errors_shown(as_json):
        from orchestrator.registry.check import check_card

        report = check_card(_registry().expert(name))
        if as_json:
            print_json(report)
        else:
            for finding in report.findings:
                print(f"{'wrong' if finding.is_error else 'wanted'}: {finding.field}: {finding.message}")
            print(f"{name}: {'can be used' if report.is_usable else 'cannot be used'}")
        raise typer.Exit(0 if report.is_usable else 1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new package, e.g. weld-defects.")],
    folder: Annotated[Path, typer.Option(help="Where to put it.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Start a plugin package: a folder that pip installs, with one expert to fill in."""
    with errors_shown(as_json):
        from orchestrator.registry.plugin_template import write_plugin

        path = write_plugin(name, folder)
        if as_json:
            print_json({"path": str(path)})
        else:
            print(f"wrote {path}\nnext: pip install -e {path}")


def print_card(card: ExpertCard) -> None:
    """A card for a reader."""
    print(f"{card.name} {card.version}: {card.description}")
    for port in card.inputs:
        default = "" if port.required else f", default {port.default!r}"
        print(f"  takes {port.name}: {port.kind}{' list' if port.many else ''}{default}  {port.description}")
    for port in card.outputs:
        print(f"  gives {port.name}: {port.kind}{' list' if port.many else ''}  {port.description}")
    facts = ("task", "licence", "openness", "author", "model", "training_data", "limits")
    for field in facts:
        if value := getattr(card, field):
            print(f"  {field.replace('_', ' ')}: {value}")
    for metric in card.metrics:
        interval = (
            f" [{metric.low:.3f}, {metric.high:.3f}]" if metric.low is not None and metric.high is not None else ""
        )
        print(f"  {metric.name}: {metric.value:.3f}{interval}  {metric.data}")
    for example in card.examples[:4]:
        print(f"  example: {example}")


def _registry() -> Registry:
    from orchestrator.cli.registered import registered
    from orchestrator.config import load_settings

    return registered(load_settings())


def _name_of(data: Path) -> str:
    return data.resolve().stem.replace("-", "_").replace(" ", "_").lower()
