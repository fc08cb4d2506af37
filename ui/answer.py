"""A turn as markup: the request, the steps, the answer with its citation marks, what was made. Knows no component."""

from __future__ import annotations

import re

from orchestrator.types import Answer, Citation, ErrorInfo, Segment, SourceCitation
from ui.markup import Content, Html, html, joined
from ui.media import attached, gallery
from ui.steps import CardOf, capitalised, steps_of
from ui.strings import Strings
from ui.turn import Turn

_MARK = re.compile(r"\[(\d+)\]")
_SHORT = 140


def turn_html(turn: Turn, card_of: CardOf, strings: Strings) -> Html:
    """Request and answer, whatever state they are in."""
    answer = turn.answer
    parts: list[Content] = [steps_of(turn, card_of, strings)]
    if turn.state == "running" and turn.plan is None:
        parts.append(html("div", strings["planning"], class_="notice"))
    if answer is not None:
        parts += [
            _body(html("div", answer_text(answer, strings), class_="text"), answer, strings),
            gallery(answer.artifacts, strings),
            sources(answer, card_of, strings),
            _foot(answer, strings),
        ]
    else:
        parts.append(html("div", turn.text, class_="text streaming") if turn.text else None)
    if turn.state in ("stopped", "unfinished"):
        parts.append(html("div", strings[f"status_{turn.state}"], class_="notice"))
    if turn.error is not None:
        parts.append(error_html(turn.error))
    reply = html("div", *parts, class_="reply", data_state=turn.state, data_status=answer.status if answer else None)
    return html("article", _request(turn), reply, class_="turn")


def error_html(error: ErrorInfo) -> Html:
    """A typed error: what is wrong, and what to do."""
    return html(
        "div",
        html("strong", error.type),
        html("p", error.message),
        html("p", error.remedy, class_="remedy"),
        class_="error",
        role="alert",
    )


def answer_text(answer: Answer, strings: Strings) -> Html:
    """The answer's text, each sentence followed by marks that open what it rests on.

    Marks are taken from the segments, never from the sentences: brackets in a quoted document stay text.
    """
    pieces: list[Content] = []
    cursor = 0
    for segment in answer.segments:
        start = answer.text.find(segment.text, cursor)
        if start < 0:
            continue
        pieces += [_between(answer.text[cursor:start]), _sentence(segment, strings), *_marks(segment, answer)]
        cursor = start + len(segment.text)
    pieces.append(_between(answer.text[cursor:]) if answer.segments else answer.text)
    return joined(*pieces)


def _between(text: str) -> str:
    """What stands between two sentences, without the marks that buttons take the place of."""
    return re.sub(r" {2,}", " ", _MARK.sub("", text))


def sources(answer: Answer, card_of: CardOf, strings: Strings) -> Html | None:
    """What the answer rests on, as a numbered list; None where it rests on nothing."""
    if not answer.citations:
        return None
    entries = [
        html("li", html("button", *_entry(i, c, card_of, strings), **_opens(answer, i), class_="entry"))
        for i, c in enumerate(answer.citations)
    ]
    return html("div", html("div", strings["sources"], class_="label"), html("ol", *entries), class_="sources")


def _request(turn: Turn) -> Html:
    files = [attached(artifact) for artifact in turn.request.artifacts]
    return html(
        "div",
        html("div", turn.request.text, class_="text") if turn.request.text.strip() else None,
        html("div", *files, class_="attachments") if files else None,
        class_="request",
    )


def _body(text: Html, answer: Answer, strings: Strings) -> Html:
    status = strings.get(f"status_{answer.status}")
    if status and answer.error is not None:
        status = f"{status} · {answer.error.type}"
    return joined(html("div", status, class_=f"status {answer.status}") if status else None, text)


def _sentence(segment: Segment, strings: Strings) -> Html:
    unsourced = segment.origin == "model" and not segment.citations
    tag = html("span", strings["no_source"], class_="unsourced") if unsourced else None
    return joined(html("span", segment.text, class_="sentence"), tag)


def _marks(segment: Segment, answer: Answer) -> list[Html]:
    return [
        html("button", f"[{i + 1}]", **_opens(answer, i), class_="mark", title=_name(answer.citations[i]))
        for i in segment.citations
        if i < len(answer.citations)
    ]


def _opens(answer: Answer, index: int) -> dict[str, Content]:
    return {"type": "button", "data_action": "cite", "data_run": answer.trace_id, "data_index": index}


def _name(citation: Citation) -> str:
    return citation.title or citation.document if isinstance(citation, SourceCitation) else citation.expert


def _entry(index: int, citation: Citation, card_of: CardOf, strings: Strings) -> list[Content]:
    number = html("span", index + 1, class_="number")
    if isinstance(citation, SourceCitation):
        page = strings["page"].format(page=citation.page) if citation.page else None
        facts = " · ".join(fact for fact in (page, citation.licence) if fact)
        return [number, html("b", _name(citation)), " ", html("i", facts), html("q", shortened(citation.quote))]
    card = card_of(citation.expert)
    facts = " · ".join(fact for fact in (citation.version, citation.licence) if fact)
    quote = html("q", shortened(citation.quote)) if citation.quote else None
    return [number, html("b", capitalised(card.spoken_name if card else citation.expert)), " ", html("i", facts), quote]


def shortened(text: str) -> str:
    """Text on one line, cut to what an entry of the list shows."""
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= _SHORT else f"{line[:_SHORT].rstrip()} …"


def _foot(answer: Answer, strings: Strings) -> Html:
    facts = [strings["run"].format(id=answer.trace_id)]
    if answer.status in ("answered", "partial"):
        facts.insert(0, strings["confidence"].format(percent=f"{answer.confidence * 100:.0f}"))
    return html("div", " · ".join(facts), class_="foot")
