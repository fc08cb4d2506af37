"""`baton ask`, `baton plan` and `baton chat`."""

from __future__ import annotations

import asyncio
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.output import EXIT_STATUSES, errors_shown, note, print_json

if TYPE_CHECKING:
    from orchestrator.artifact import Artifact
    from orchestrator.orchestrator import Orchestrator
    from orchestrator.types import Answer, Plan

TextArgument = Annotated[str, typer.Argument(help="The request, in any language.", show_default=False)]
FileOption = Annotated[list[Path] | None, typer.Option("--file", "-f", help="A file to attach; may be given again.")]
LibraryOption = Annotated[str | None, typer.Option("--library", help="Name of the library to search.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


def ask(
    text: TextArgument,
    file: FileOption = None,
    library: LibraryOption = None,
    conversation: Annotated[
        str | None, typer.Option("--conversation", help="Id of a conversation to go on with.")
    ] = None,
    as_json: JsonOption = False,
    stream: Annotated[bool, typer.Option("--stream", help="Show steps and words as they come.")] = False,
) -> None:
    """Answer a request, with citations.

    Exit status: 0 answered, 3 something is missing, 4 declined, 1 failed, 2 bad arguments.
    """
    with errors_shown(as_json), _orchestrator(library) as baton:
        request = baton.request(text, file or (), conversation=conversation)
        if stream and not as_json:
            answer = asyncio.run(_streamed(baton, request))
        else:
            answer = baton.run(text, file or (), conversation=request.conversation_id)
        if as_json:
            print_json(answer if answer.error is None else {"error": answer.error.model_dump()})
        else:
            if not stream:
                print(answer.text)
            print_sources(answer)
    raise typer.Exit(EXIT_STATUSES[answer.status])


def plan(
    text: TextArgument, file: FileOption = None, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Show the plan for a request without running it."""
    with errors_shown(as_json), _orchestrator(library) as baton:
        made = baton.plan(text, file or ())
        if as_json:
            print_json(made)
        else:
            print_plan(made)
    raise typer.Exit(EXIT_STATUSES[made.status])


def chat(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    text: Annotated[str, typer.Option(help="A request to begin with.")] = "",
    file: FileOption = None,
) -> None:
    """Open the chat in the browser's reach, on this machine only."""
    with errors_shown(False), _orchestrator(library) as baton:
        open_chat(baton, host=host, port=port, text=text, files=[str(path) for path in file or ()])


def open_chat(baton: Orchestrator, **options: Any) -> None:
    """Start the installed chat; blocks until it is stopped."""
    face = next(entry for entry in entry_points(group="baton.faces") if entry.name == "chat")
    face.load()(baton, **options)


def _orchestrator(library: str | None) -> Orchestrator:
    from orchestrator.orchestrator import Orchestrator

    arguments: dict[str, Any] = {"library": library} if library else {}
    return Orchestrator(**arguments)


async def _streamed(baton: Orchestrator, request: Any) -> Answer:
    from orchestrator.types import AnswerReady, StepDone, StepStarted, Token

    async for event in baton.stream(request):
        match event:
            case StepStarted():
                note(f"{event.step} {event.expert} ...")
            case StepDone():
                note(f"{event.result.step} {event.result.expert} {event.result.status} {event.result.duration_s:.2f} s")
            case Token():
                print(event.text, end="", flush=True)
            case AnswerReady():
                print()
                answer = event.answer
    return answer


def print_sources(answer: Answer) -> None:
    """The citations of an answer, its files, and how sure it is, for a reader."""
    from orchestrator.types import SourceCitation

    if answer.citations:
        print()
    for number, citation in enumerate(answer.citations, start=1):
        if isinstance(citation, SourceCitation):
            page = f", page {citation.page}" if citation.page else ""
            place = f"characters {citation.start}-{citation.end}, sha256 {citation.sha256[:12]}"
            print(f"[{number}] {citation.title}{page} ({place}): “{_short(citation.quote)}”")
        else:
            made_by = ", ".join(part for part in (citation.author, citation.licence) if part)
            print(f"[{number}] expert {citation.expert} {citation.version}, step {citation.step} ({made_by})")
    for artifact in answer.artifacts:
        print(f"file {_place(artifact)} ({artifact.media_type})")
    if answer.trace_id:
        print(f"{answer.status}, confidence {answer.confidence:.2f}, run {answer.trace_id}")


def print_plan(plan: Plan) -> None:
    """A plan, a line a step."""
    print(f"{plan.status}, confidence {plan.confidence:.2f}" + (f": {plan.question}" if plan.question else ""))
    for step in plan.steps:
        inputs = ", ".join(f"{name}={_binding(binding)}" for name, binding in step.inputs.items())
        each = f" for each {step.each}" if step.each else ""
        print(f"  {step.id} = {step.expert}({inputs}){each}   {step.confidence:.2f}  {step.why}")


def _binding(binding: Any) -> str:
    match binding.source:
        case "literal":
            return repr(binding.value)
        case "span":
            return f"request[{binding.start}:{binding.end}]"
        case "attachment":
            return f"file {binding.index + 1}"
        case "output":
            return f"{binding.step}.{binding.port}"
    return "[" + ", ".join(_binding(item) for item in binding.items) + "]"


def _place(artifact: Artifact) -> str:
    """Where an artifact lies, seen from the working directory."""
    path = artifact.path
    if path is None:
        return artifact.name
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _short(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
