"""The commands of `baton`, in the order in which a newcomer meets them; each family stands in its own module."""

from __future__ import annotations

import typer

from orchestrator.cli import ask, controller, doctor, evaluate, experts, library, trace

app = typer.Typer(
    name="baton",
    help="A small controller conducts expert models; every sentence of the answer says where it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("ask")(ask.ask)
app.command("plan")(ask.plan)
app.command("chat")(ask.chat)
app.add_typer(experts.app, name="experts", help="Registered experts: list, add, train, check, remove.")
app.add_typer(library.app, name="library", help="The documents that answers may cite.")
app.add_typer(trace.app, name="trace", help="What happened in earlier runs.")
app.add_typer(controller.app, name="controller", help="The trained planner: train, show.")
app.add_typer(evaluate.app, name="eval", help="Measure on your own cases.")
app.command("doctor")(doctor.doctor)


def main() -> None:
    """The entry point of the command."""
    app()
