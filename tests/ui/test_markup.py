"""Markup escapes what is not markup, whoever wrote it."""

from __future__ import annotations

from ui.markup import Html, html, joined


def test_text_is_escaped_and_markup_is_kept() -> None:
    made = html("p", "a < b & c", html("b", '"x"'), None, 3)
    assert made == "<p>a &lt; b &amp; c<b>&quot;x&quot;</b>3</p>"
    assert isinstance(made, Html)


def test_attributes_are_escaped_and_spelt_with_hyphens() -> None:
    made = html("img", alt='"><script>', data_run="a'b", class_="c", loading=None, hidden=True, draggable=False)
    assert made == '<img alt="&quot;&gt;&lt;script&gt;" data-run="a&#x27;b" class="c" hidden>'


def test_what_is_built_from_markup_by_hand_is_text_again() -> None:
    assert joined(html("b", "x") + "<i>") == "&lt;b&gt;x&lt;/b&gt;&lt;i&gt;"
