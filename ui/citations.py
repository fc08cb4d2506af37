"""A citation opened: the quote marked in its document, or an expert's card and what it gave. Knows no answer."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import UnknownDocument
from orchestrator.ledger.traces import Trace
from orchestrator.library.library import Library
from orchestrator.types import ExpertCard, ExpertCitation, Port, SourceCitation
from ui.markup import Content, Html, html, joined
from ui.media import shown
from ui.steps import CardOf, capitalised, spoken_duration
from ui.strings import Strings

CONTEXT_CHARACTERS = 400


def opened(trace: Trace, index: int, library: Library, card_of: CardOf, strings: Strings) -> Html:
    """The citation of that index in the run's answer; a notice where there is none."""
    citations = trace.answer.citations if trace.answer is not None else ()
    if not 0 <= index < len(citations):
        return hint(strings["no_citation"])
    citation = citations[index]
    number = html("span", index + 1, class_="number")
    if isinstance(citation, SourceCitation):
        return html("div", *_document(citation, number, library, strings), class_="opened", data_index=index)
    return html("div", *_run(citation, number, trace, card_of, strings), class_="opened", data_index=index)


def hint(text: str) -> Html:
    """A line that says what the panel is for."""
    return html("p", text, class_="hint")


def fields(*pairs: tuple[str, Content]) -> Html:
    """Names and values, those without a value left out."""
    return html("dl", *(joined(html("dt", name), html("dd", value)) for name, value in pairs if value), class_="facts")


def _document(citation: SourceCitation, number: Html, library: Library, strings: Strings) -> list[Content]:
    is_verified = library.verify(citation)
    state = "verified" if is_verified else "stale"
    badge = html("span", strings[state], class_=f"badge {state}", title=strings[f"{state}_hint"])
    page = strings["page"].format(page=citation.page) if citation.page else None
    return [
        html("h3", number, citation.title or citation.document, badge),
        html("p", strings["stale_hint"], class_="hint") if not is_verified else None,
        html("blockquote", *_surrounded(citation, library, is_verified), class_="passage"),
        fields(
            (strings["source_panel"], joined(citation.uri, html("br") if page else None, page)),
            (strings["licence"], citation.licence),
            (strings["author"], citation.author),
            (strings["fingerprint"], html("code", citation.sha256[:12], title=citation.sha256)),
        ),
    ]


def _surrounded(citation: SourceCitation, library: Library, is_verified: bool) -> list[Content]:
    """The quote, marked, with the document's text before and behind it where the document is still the same."""
    quote = html("mark", citation.quote)
    if not is_verified:
        return [quote]
    try:
        text = library.text(citation.document)
    except UnknownDocument:  # removed a moment ago
        return [quote]
    start, end = citation.start, citation.end
    before = text[max(0, start - CONTEXT_CHARACTERS) : start]
    behind = text[end : end + CONTEXT_CHARACTERS]
    if start > CONTEXT_CHARACTERS:
        before = f"… {before.partition(' ')[2] or before}"
    if end + CONTEXT_CHARACTERS < len(text):
        behind = f"{behind.rpartition(' ')[0] or behind} …"
    return [before.lstrip("\n"), quote, behind.rstrip("\n")]


def _run(citation: ExpertCitation, number: Html, trace: Trace, card_of: CardOf, strings: Strings) -> list[Content]:
    card = card_of(citation.expert)
    result = next((r for r in trace.results if r.step == citation.step), None)
    outputs: list[Content] = []
    for port in result.outputs if result is not None else ():
        outputs += [html("div", port.replace("_", " "), class_="port")]
        outputs += [shown(artifact, strings) for artifact in result.items(port)] if result is not None else []
    confidence = citation.confidence
    run = [f"{result.device}, {spoken_duration(result.duration_s)}"] if result is not None else []
    if confidence is not None:
        run.append(strings["confidence"].format(percent=f"{confidence * 100:.0f}"))
    return [
        html("h3", number, capitalised(card.spoken_name if card else citation.expert)),
        html("p", card.description) if card else None,
        html("div", strings["output"], class_="label"),
        *(outputs or [hint(strings["nothing_given"])]),
        fields(
            (strings["version"], f"{citation.expert} {citation.version}"),
            (strings["licence"], citation.licence),
            (strings["author"], citation.author),
            (strings["model"], citation.model),
            (strings["limits"], card.limits if card else ""),
            (strings["ran"], " · ".join(run)),
        ),
    ]


def card_fields(card: ExpertCard, origin: str, strings: Strings) -> Html:
    """All that a card says of where an expert comes from and what it can and cannot do."""
    return fields(
        (strings["limits"], card.limits),
        (strings["takes"], _ports(card.inputs)),
        (strings["gives"], _ports(card.outputs)),
        (strings["task"], card.task),
        (strings["licence"], card.licence),
        (strings["author"], card.author),
        (strings["model"], " ".join(part for part in (card.model, card.revision) if part)),
        (strings["training_data"], card.training_data),
        (strings["openness"], card.openness if card.openness != "unknown" else ""),
        (strings["measured"], _metrics(card)),
        (strings["network"], strings["network_out" if card.network else "network_none"]),
        (strings["origin"], origin),
    )


def _ports(ports: Sequence[Port]) -> str:
    return ", ".join(port.name if port.name == port.kind else f"{port.name} ({port.kind})" for port in ports)


def _metrics(card: ExpertCard) -> str:
    said = []
    for metric in card.metrics:
        interval = (
            f" ({metric.low:.3g} to {metric.high:.3g})" if metric.low is not None and metric.high is not None else ""
        )
        said.append(f"{metric.name} {metric.value:.3g}{interval}{f', {metric.data}' if metric.data else ''}")
    return "; ".join(said)
