"""Artifacts as markup: pictures shown, recordings playable, tables as rows. Knows no run and no answer."""

from __future__ import annotations

import json
from urllib.parse import quote

from orchestrator.artifact import Artifact, Labels, Table
from orchestrator.errors import BatonError
from ui.markup import Html, html, joined
from ui.strings import Strings

MAX_ROWS = 30
MAX_COLUMNS = 12
MAX_CHARACTERS = 4000
_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"})


def shown(artifact: Artifact, strings: Strings) -> Html:
    """The artifact as a person wants to see it."""
    match artifact.kind:
        case "image" if artifact.path is not None and artifact.media_type in _PICTURES:
            link = html("a", _picture(artifact), href=address(artifact), target="_blank", rel="noopener")
            return html("figure", link, html("figcaption", artifact.name) if artifact.name else None, class_="picture")
        case "audio" if artifact.path is not None:
            caption = html("figcaption", artifact.name) if artifact.name else None
            player = html("audio", controls=True, preload="metadata", src=address(artifact))
            return html("figure", player, caption, class_="sound")
        case "video" if artifact.path is not None:
            return html("figure", html("video", controls=True, preload="metadata", src=address(artifact)))
        case "table":
            return _rows(artifact, strings)
        case "labels":
            return _bars(artifact)
        case "text":
            return html("pre", _cut(str(artifact.value or "")), class_="text")
        case "json":
            return _facts(artifact.value)
    return chip(artifact)


def chip(artifact: Artifact) -> Html:
    """The artifact as its name, a link where its bytes lie on disk."""
    label = artifact.name or f"{artifact.kind} {artifact.sha256[:8]}"
    parts = (html("span", artifact.kind, class_="kind"), html("span", label))
    if artifact.path is None:
        return html("span", *parts, class_="chip")
    return html("a", *parts, class_="chip", href=address(artifact), target="_blank", rel="noopener")


def attached(artifact: Artifact) -> Html:
    """A person's own attachment, small: a picture, a player, or its name."""
    if artifact.kind == "image" and artifact.path is not None and artifact.media_type in _PICTURES:
        return html("a", _picture(artifact), class_="thumb", href=address(artifact), target="_blank", rel="noopener")
    if artifact.kind == "audio" and artifact.path is not None:
        player = html("audio", controls=True, preload="metadata", src=address(artifact))
        return html("span", player, html("span", artifact.name, class_="name"), class_="clip")
    return chip(artifact)


def address(artifact: Artifact) -> str:
    """Where the chat's own server gives the artifact's bytes; relative, so that the chat can live under any path."""
    return f"gradio_api/file={quote(str(artifact.path))}"


def _picture(artifact: Artifact) -> Html:
    return html("img", src=address(artifact), alt=artifact.name or "image", loading="lazy")


def _rows(artifact: Artifact, strings: Strings) -> Html:
    try:
        frame = artifact.frame() if isinstance(artifact, Table) else None
    except BatonError:
        frame = None
    if frame is None:
        return chip(artifact)
    num_rows, num_columns = frame.shape
    part = frame.iloc[:MAX_ROWS, :MAX_COLUMNS]
    head = html("tr", *(html("th", str(name)) for name in part.columns))
    body = [html("tr", *(html("td", _cell(cell)) for cell in row)) for row in part.itertuples(index=False)]
    key = "rows" if num_rows <= MAX_ROWS else "rows_first"
    size = strings[key].format(rows=num_rows, columns=num_columns, shown=len(part))
    table = html("table", html("thead", head), html("tbody", *body))
    caption = html("figcaption", size, Html(" · ") if artifact.path else None, _download(artifact, strings))
    return html("figure", html("div", table, class_="rows"), caption, class_="frame")


def _download(artifact: Artifact, strings: Strings) -> Html | None:
    if artifact.path is None:
        return None
    return html("a", strings["download"], href=address(artifact), download=artifact.name or True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:g}"
    return str(value)


def _bars(artifact: Artifact) -> Html:
    scores = artifact.scores if isinstance(artifact, Labels) else {}
    lines = [
        html(
            "li",
            html("span", label, class_="label"),
            html("meter", value=f"{score:.4f}", min=0, max=1),
            html("span", f"{score:.0%}", class_="score"),
        )
        for label, score in list(scores.items())[:10]
    ]
    return html("ul", *lines, class_="bars")


def _facts(value: object) -> Html:
    if not isinstance(value, dict) or not value:
        return html("pre", _cut(json.dumps(value, ensure_ascii=False, indent=1)), class_="text")
    pairs = []
    for key, item in value.items():
        plain = item if isinstance(item, str | int | float) else json.dumps(item, ensure_ascii=False)
        pairs += [html("dt", str(key).replace("_", " ")), html("dd", _cut(str(plain), 400))]
    return html("dl", *pairs, class_="facts")


def _cut(text: str, limit: int = MAX_CHARACTERS) -> str:
    return text if len(text) <= limit else f"{text[:limit]} …"


def gallery(artifacts: tuple[Artifact, ...], strings: Strings) -> Html | None:
    """The artifacts of an answer, one beside the other; None where there are none."""
    return html("div", joined(*(shown(a, strings) for a in artifacts)), class_="gallery") if artifacts else None
