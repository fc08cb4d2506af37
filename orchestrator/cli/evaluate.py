"""`baton eval`: plans, retrieval and citations on the user's own cases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from orchestrator.cli.output import errors_shown, note, print_json
from orchestrator.errors import BadRequest

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
PassagesOption = Annotated[Path, typer.Option(help='JSON lines of {"id", "title", "text"}.')]
QuestionsOption = Annotated[Path, typer.Option(help='JSON lines of {"id", "question", "document" or "relevant"}.')]
PredictionsOption = Annotated[Path | None, typer.Option(help="Write the predictions here, as JSON lines.")]
CONTROLLERS = ("compact", "rules", "chat_model", "cascade")
EmbeddingOption = Annotated[str, typer.Option(help='"embedded" or a sentence-transformers id.')]


@app.command()
def plans(
    cases: Annotated[Path, typer.Option(help="JSON lines of requests with their right plans.")],
    cards: Annotated[Path | None, typer.Option(help="JSON lines of cards; not needed where cases bring them.")] = None,
    controller: Annotated[str | None, typer.Option(help=f"{', '.join(CONTROLLERS)}; else as configured.")] = None,
    predictions: PredictionsOption = None,
    as_json: JsonOption = False,
) -> None:
    """How well requests are planned."""
    with errors_shown(as_json):
        from orchestrator.config import load_settings
        from orchestrator.controller.choice import controller_of
        from orchestrator.embedding import encoder
        from orchestrator.evaluation.plans import evaluate_plans
        from orchestrator.registry.card_index import CardIndex

        settings = load_settings(None)
        if controller is not None:
            if controller not in CONTROLLERS:
                raise BadRequest("controller", controller, f"one of {', '.join(CONTROLLERS)}")
            chosen = settings.controller.model_copy(update={"name": controller})
            settings = settings.model_copy(update={"controller": chosen})
        planner = controller_of(settings, CardIndex(encoder))
        _show(evaluate_plans(cases, cards=cards, controller=planner, predictions=predictions, progress=note), as_json)


@app.command()
def retrieval(
    passages: PassagesOption,
    questions: QuestionsOption,
    predictions: PredictionsOption = None,
    embedding: EmbeddingOption = "embedded",
    as_json: JsonOption = False,
) -> None:
    """How well the right passages are found."""
    with errors_shown(as_json):
        from orchestrator.evaluation.retrieval import evaluate_retrieval

        _show(evaluate_retrieval(passages, questions, predictions=predictions, embedding=embedding), as_json)


@app.command()
def citations(
    passages: PassagesOption,
    questions: QuestionsOption,
    withhold: Annotated[bool, typer.Option("--withhold", help="Hide each question's own passage.")] = False,
    predictions: PredictionsOption = None,
    embedding: EmbeddingOption = "embedded",
    as_json: JsonOption = False,
) -> None:
    """How well answers rest on what they cite, and whether the rest is refused."""
    with errors_shown(as_json):
        from orchestrator.evaluation.citations import evaluate_citations

        report = evaluate_citations(
            passages, questions, withhold=withhold, predictions=predictions, embedding=embedding, progress=note
        )
        _show(report, as_json)


def _show(report: BaseModel, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report:
        if isinstance(value, BaseModel):
            found = value.model_dump()
            if not math.isnan(found["value"]):
                print(f"{name.replace('_', ' '):24} {found['value']:.3f}  [{found['low']:.3f}, {found['high']:.3f}]")
        else:
            print(f"{name.replace('_', ' '):24} {value}")
