"""`baton trace`: list, show, replay, verify."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import EXIT_STATUSES, errors_shown, print_json

if TYPE_CHECKING:
    from orchestrator.ledger.traces import Traces

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
_AGREEMENTS = {
    "same": "the same",
    "alike": "alike: recordings of the same length, not the same bytes",
    "different": "different",
}
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the run.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(help="How many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """The latest runs."""
    with errors_shown(as_json):
        runs = _traces().latest(limit)
        if as_json:
            print_json([run.model_dump(mode="json") for run in runs])
            return
        for run in runs:
            when = datetime.fromtimestamp(run.created_at).isoformat(sep=" ", timespec="seconds")
            print(f"{run.id}  {when}  {run.status:11} {' '.join(run.request.text.split())[:80]}")


@app.command()
def show(run_id: IdArgument, as_json: JsonOption = False) -> None:
    """One run: request, plan, steps and answer."""
    with errors_shown(as_json):
        run = _traces().get(run_id)
        if as_json:
            print_json(run)
            return
        from orchestrator.cli.ask import print_plan, print_sources

        print(f"request: {run.request.text}")
        for artifact in run.request.artifacts:
            print(f"  file {artifact.name} ({artifact.media_type}, sha256 {artifact.sha256[:12]})")
        if run.plan is not None:
            print_plan(run.plan)
        for result in run.results:
            error = f"  {result.error.type}: {result.error.message}" if result.error else ""
            print(
                f"  {result.step} {result.expert} {result.status} {result.duration_s:.2f} s on {result.device}{error}"
            )
        if run.answer is not None:
            print(run.answer.text)
            print_sources(run.answer)


@app.command()
def replay(run_id: IdArgument, as_json: JsonOption = False) -> None:
    """Run the recorded plan again on the recorded attachments, and say which outputs are the same.

    Exit status: 0 the same, or alike where an expert is not exact to the bit (speech synthesis); 1 different.
    """
    with errors_shown(as_json):
        from orchestrator.ledger.replay import replay as replay_run
        from orchestrator.orchestrator import Orchestrator

        with Orchestrator() as baton:
            report = replay_run(baton.traces.get(run_id), baton.engine)
        if as_json:
            print_json(report)
        else:
            for step in report.steps:
                print(f"  {step.step} {step.expert}: {_AGREEMENTS[step.agreement]}")
            print(f"in all: {_AGREEMENTS[report.agreement]}")
        raise typer.Exit(EXIT_STATUSES["failed" if report.agreement == "different" else "answered"])


@app.command()
def verify(run_id: IdArgument, as_json: JsonOption = False) -> None:
    """Check that the run's files are unchanged and its citations still true; exit status 1 where one is not."""
    with errors_shown(as_json):
        from orchestrator.config import load_settings
        from orchestrator.ledger.verification import verify_trace
        from orchestrator.library.library import Library

        settings = load_settings()
        trace = _traces().get(run_id)
        with Library(settings.home_path, settings.library, embedding=settings.embedding.model) as library:
            report = verify_trace(trace, library.verify)
        if as_json:
            print_json(report)
        else:
            for one in report.checked:
                print(f"  {'holds' if one.holds else 'CHANGED'}  {one.what}")
            print("everything holds" if report.holds else "something changed since")
        raise typer.Exit(EXIT_STATUSES["answered" if report.holds else "failed"])


def _traces() -> Traces:
    from orchestrator.config import load_settings
    from orchestrator.ledger.traces import Traces

    settings = load_settings()
    return Traces(settings.database_path, settings.artifacts_path)
