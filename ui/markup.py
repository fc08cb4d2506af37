"""Html: markup that is built element by element, everything else escaped. Knows nothing of what it shows."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"br", "hr", "img", "input"})

Content = str | int | float | None


class Html(str):
    """Text that is markup already; a plain str is text and is escaped wherever it is put."""

    __slots__ = ()


def html(name: str, /, *children: Content, **attributes: Content | bool) -> Html:
    """An element. Children that are not Html are escaped, None is left out.

    Args:
        name: of the element.
        children: Html or text.
        attributes: `class_` stands for class, an underscore for a hyphen; None and False are left out.
    """
    pairs = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        pairs.append(f" {label}" if value is True else f' {label}="{escape(str(value), quote=True)}"')
    opening = f"<{name}{''.join(pairs)}>"
    return Html(opening) if name in _VOID else Html(f"{opening}{joined(*children)}</{name}>")


def joined(*children: Content) -> Html:
    """Children one after another, without an element around them."""
    return Html(
        "".join(child if isinstance(child, Html) else escape(str(child)) for child in children if child is not None)
    )
