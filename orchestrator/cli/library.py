"""`baton library`: add, search, list, remove, stats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import errors_shown, note, print_json

if TYPE_CHECKING:
    from orchestrator.library.library import Library

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
NameOption = Annotated[str | None, typer.Option("--library", help="Name of the library.")]


@app.command()
def add(
    paths: Annotated[list[str], typer.Argument(help="Files and folders.")],
    library: NameOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add or update documents; a file that cannot be read is listed, the rest goes on."""
    with errors_shown(as_json), _library(library) as opened:
        report = opened.add(paths, on_progress=lambda added: note(f"{added.status} {added.uri}"))
        if as_json:
            print_json(report)
        else:
            counts = (len(report.added), len(report.updated), len(report.unchanged), len(report.failed))
            print("{} added, {} updated, {} unchanged, {} failed".format(*counts))
            for failed in report.failed:
                print(f"  {failed.error.message.rstrip('.')}. {failed.error.remedy}")
        if report.failed and not (report.added or report.updated or report.unchanged):
            raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = 8,
    library: NameOption = None,
    as_json: JsonOption = False,
) -> None:
    """The passages that best match."""
    with errors_shown(as_json), _library(library) as opened:
        passages = opened.search(query, k)
        if as_json:
            print_json([passage.model_dump(mode="json") for passage in passages])
            return
        for passage in passages:
            page = f", page {passage.page}" if passage.page else ""
            print(f"{passage.score:.2f}  {passage.title}{page}  [{passage.document} {passage.start}-{passage.end}]")
            print("      " + " ".join(passage.text.split())[:200])


@app.command("list")
def list_(library: NameOption = None, as_json: JsonOption = False) -> None:
    """All documents."""
    with errors_shown(as_json), _library(library) as opened:
        documents = opened.documents()
        if as_json:
            print_json([document.model_dump(mode="json") for document in documents])
            return
        for document in documents:
            print(f"{document.id}  {document.title}  {document.uri}")


@app.command()
def remove(
    document: Annotated[str, typer.Argument(metavar="ID", help="Id of the document.")],
    library: NameOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a document; it is gone from every answer at once."""
    with errors_shown(as_json), _library(library) as opened:
        opened.remove(document)
        if as_json:
            print_json({"removed": document})
        else:
            print(f"removed {document}")


@app.command()
def stats(library: NameOption = None, as_json: JsonOption = False) -> None:
    """How much the library holds."""
    with errors_shown(as_json), _library(library) as opened:
        found = opened.stats()
        if as_json:
            print_json(found)
            return
        for name, value in found.model_dump().items():
            print(f"{name.replace('_', ' ')}: {value}")


def _library(name: str | None) -> Library:
    from orchestrator.config import load_settings
    from orchestrator.library.library import Library

    settings = load_settings(**({"library": name} if name else {}))
    return Library(settings.home_path, settings.library, embedding=settings.embedding.model)
