"""What happens on the page: asking, stopping, clicking, uploading, beginning anew. Knows no layout, only its parts."""

# No `from __future__ import annotations`: Gradio reads the annotations of handlers, whose names exist only in here.

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.orchestrator import Orchestrator
from orchestrator.types import new_id
from ui.citations import hint
from ui.conversation import Conversations, Frame, welcome_html
from ui.documents import add_documents, documents_html, remove_document
from ui.experts_tab import experts_html
from ui.markup import html, joined
from ui.sent import sent_html
from ui.strings import Strings, all_strings, strings_for
from ui.suggestions import Suggestion, suggestions

if TYPE_CHECKING:
    from gradio import Blocks

Parts = dict[str, Any]
_QUIET = {"show_progress": "hidden", "api_visibility": "private"}


def connect(blocks: "Blocks", parts: Parts, orchestrator: Orchestrator) -> None:
    """Give every part of the page its behaviour. Call it inside the Blocks.

    Args:
        parts: conversation, brand, sent, new, earlier, current, input, source, documents, upload, experts.
    """
    conversations = Conversations(orchestrator)
    asked = _connect_asking(parts, conversations)
    opened = _connect_opening(blocks, parts, orchestrator, conversations)
    begun = _connect_change_of_conversation(parts, conversations, opened, asked)
    _connect_suggestions(parts, orchestrator, conversations, [opened, begun])
    _connect_citations(parts, conversations)
    _connect_documents(parts, orchestrator)


def _connect_asking(parts: Parts, conversations: Conversations) -> Any:
    import gradio as gr

    def ask(conversation: str, message: dict[str, Any] | None, request: gr.Request) -> Iterator[Parts]:
        strings = _strings(request)
        text, files = (message or {}).get("text") or "", (message or {}).get("files") or []
        before = conversations.earlier(conversation, strings)
        for number, frame in enumerate(conversations.ask(conversation, text, files, strings)):
            update = {parts["current"]: frame.turn}
            if number == 0:
                update[parts["earlier"]] = before
            if number == 0 or frame.stage != "running":
                update[parts["input"]] = gr.update(**_input_at(frame, text, files))
                update[parts["sent"]] = sent_html(strings)
            yield update

    outputs = [parts[name] for name in ("earlier", "current", "input", "sent")]
    inputs = [parts["conversation"], parts["input"]]
    parts["input"].stop(conversations.stop, parts["conversation"], None, queue=False, api_visibility="private")
    return parts["input"].submit(ask, inputs, outputs, concurrency_limit=8, **_QUIET)


def _input_at(frame: Frame, text: str, files: list[str]) -> Parts:
    """The input's state: cleared once the request is accepted, whole again where the run failed."""
    is_running = frame.stage == "running"
    update: Parts = {"submit_btn": not is_running, "stop_btn": is_running}
    if is_running:
        update["value"] = {"text": "", "files": []}
    elif frame.stage == "failed":
        update["value"] = {"text": text, "files": files}
    return update


def _connect_opening(blocks: "Blocks", parts: Parts, orchestrator: Orchestrator, conversations: Conversations) -> Any:
    """A page that opens fetches its conversation from the ledger, and documents and experts as they are now."""
    import gradio as gr

    def load(conversation: str, request: gr.Request) -> list[Any]:
        strings = _strings(request)
        conversation = conversation or new_id()
        return [
            conversation,
            joined(html("h1", strings["title"]), html("p", strings["tagline"])),
            sent_html(strings),
            conversations.earlier(conversation, strings) or welcome_html(strings),
            gr.update(placeholder=strings["placeholder"]),
            hint(strings["source_hint"]),
            documents_html(orchestrator.library, strings),
            experts_html(orchestrator.registry, strings),
        ]

    names = ("conversation", "brand", "sent", "earlier", "input", "source", "documents", "experts")
    return blocks.load(load, parts["conversation"], [parts[name] for name in names], **_QUIET)


def _connect_change_of_conversation(parts: Parts, conversations: Conversations, opened: Any, asked: Any) -> Any:
    """A page that opens follows the run that is still under way; a button begins a new conversation."""
    import gradio as gr

    def resume(conversation: str, request: gr.Request) -> Iterator[Parts]:
        strings = _strings(request)
        yield {parts["sent"]: sent_html(strings)}  # Gradio empties the outputs of a generator that yields nothing
        for frame in conversations.resume(conversation, strings):
            is_running = frame.stage == "running"
            buttons = gr.update(submit_btn=not is_running, stop_btn=is_running)
            yield {parts["current"]: frame.turn, parts["input"]: buttons, parts["sent"]: sent_html(strings)}

    def begin(conversation: str, request: gr.Request) -> list[Any]:
        conversations.stop(conversation)
        strings = _strings(request)
        buttons = gr.update(submit_btn=True, stop_btn=False)
        return [new_id(), welcome_html(strings), "", hint(strings["source_hint"]), buttons]

    outputs = [parts[name] for name in ("current", "input", "sent")]
    resumed = opened.then(resume, parts["conversation"], outputs, concurrency_limit=8, **_QUIET)
    outputs = [parts[name] for name in ("conversation", "earlier", "current", "source", "input")]
    return parts["new"].click(begin, parts["conversation"], outputs, cancels=[asked, resumed], **_QUIET)


def _connect_suggestions(
    parts: Parts, orchestrator: Orchestrator, conversations: Conversations, welcomes: list[Any]
) -> None:
    """Requests to click follow a welcome once they are planned; a click puts one into the input."""
    import gradio as gr

    known: dict[str, list[Suggestion]] = {}

    def suggested(strings: Strings) -> list[Suggestion]:
        language = strings["chat"]
        if language not in known:
            known[language] = suggestions(orchestrator, chinese=strings is all_strings()["zh"])
        return known[language]

    def suggest(conversation: str, request: gr.Request) -> Any:
        strings = _strings(request)
        offers = suggested(strings)  # takes seconds the first time, in which the person may have asked already
        if not conversations.is_empty(conversation):
            return gr.skip()
        return welcome_html(strings, offers, lambda file: Path(file).name)

    def take(event: gr.EventData, request: gr.Request) -> Any:
        data = event._data or {}
        offers = suggested(_strings(request))
        if data.get("action") != "suggest" or not data.get("index", "").isdigit() or int(data["index"]) >= len(offers):
            return gr.skip()
        chosen = offers[int(data["index"])]
        return gr.update(value={"text": chosen.text, "files": list(chosen.files)})

    for welcome in welcomes:
        welcome.then(suggest, parts["conversation"], parts["earlier"], **_QUIET)
    parts["earlier"].click(take, None, parts["input"], **_QUIET)


def _connect_citations(parts: Parts, conversations: Conversations) -> None:
    import gradio as gr

    def cite(event: gr.EventData, request: gr.Request) -> Any:
        data = event._data or {}
        if data.get("action") != "cite" or not data.get("index", "").isdigit():
            return gr.skip()
        return conversations.citation(str(data.get("run")), int(data["index"]), _strings(request))

    for name in ("earlier", "current"):
        parts[name].click(cite, None, parts["source"], **_QUIET)


def _connect_documents(parts: Parts, orchestrator: Orchestrator) -> None:
    import gradio as gr

    library = orchestrator.library

    def add(uploads: list[str], request: gr.Request) -> Iterator[Any]:
        strings = _strings(request)
        yield documents_html(library, strings, html("p", strings["reading"].format(count=len(uploads))))
        yield documents_html(library, strings, add_documents(library, uploads, strings))

    def remove(event: gr.EventData, request: gr.Request) -> Any:
        data = event._data or {}
        if data.get("action") != "remove":
            return gr.skip()
        strings = _strings(request)
        return documents_html(library, strings, remove_document(library, str(data.get("document")), strings))

    parts["upload"].upload(add, parts["upload"], parts["documents"], **_QUIET)
    parts["documents"].click(remove, None, parts["documents"], **_QUIET)


def _strings(request: Any) -> Strings:
    """The texts in the browser's language."""
    return strings_for(request.headers.get("accept-language") if request is not None else None)
