"""Tokens: a line of the plan language cut into names, values and marks. Knows no card and no meaning."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from orchestrator.errors import BadRequest, PlanSyntax

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+)
      | (?P<words>"(?:[^"\\]|\\.)*")
      | (?P<literal>'(?:[^'\\]|\\.)*')
      | (?P<quoted>`[^`]+`)
      | (?P<place>@[0-9]{1,9}(?::[0-9]{1,9})?)
      | (?P<file>\$[0-9]{1,9})
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?=[\s,)\]}]|$))
      | (?P<name>[^\s()\[\]{}=,:"'`@$?]+)
      | (?P<mark>[()\[\]{}=,:?])""",
    re.VERBOSE,
)
_STRING_PARTS = re.compile(r'\\.|"', re.DOTALL)


@dataclass(frozen=True)
class Token:
    """A piece of a line; columns count from 1."""

    kind: str
    text: str
    column: int

    @property
    def shown(self) -> str:
        return (
            "the end of the line" if self.kind == "end" else self.text if len(self.text) < 60 else self.text[:57] + "…"
        )


class Line:
    """The tokens of one line, taken one after the other."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self._tokens = list(_cut(number, text))
        self._next = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def follows(self, *texts: str) -> bool:
        """Whether a mark or a bare name of these comes next."""
        return self.token.kind in ("mark", "name") and self.token.text in texts

    def take(self) -> Token:
        token = self.token
        self._next += token.kind != "end"
        return token

    def skip(self, *texts: str) -> bool:
        """Take the next token if it is one of these."""
        found = self.follows(*texts)
        self._next += found
        return found

    def expect(self, text: str, expected: str | None = None) -> None:
        if not self.skip(text):
            raise self.error(expected or repr(text))

    def name(self, expected: str) -> str:
        """A bare or backquoted name."""
        if self.token.kind not in ("name", "quoted"):
            raise self.error(expected)
        return self.take().text.strip("`")

    def error(self, expected: str, token: Token | None = None) -> PlanSyntax:
        token = token or self.token
        return PlanSyntax(self.number, token.column, token.shown, expected)


def _cut(number: int, text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PlanSyntax(number, position + 1, text[position : position + 20], "a closing quote or a name")
        if match.lastgroup != "space":
            tokens.append(Token(str(match.lastgroup), match.group(), position + 1))
        position = match.end()
    return [*tokens, Token("end", "", len(text) + 1)]


def named(name: str) -> str:
    """A name as it stands in a plan: bare where that reads as one name, in backquotes otherwise.

    Raises:
        BadRequest: it holds a backquote or a line break, which no plan can say.
    """
    if not name or "`" in name or "\n" in name:
        raise BadRequest("name", name, "a name without backquotes and line breaks")
    try:
        tokens = _cut(1, name)
    except PlanSyntax:
        tokens = []
    bare = len(tokens) == 2 and tokens[0].kind == "name" and name not in ("true", "false", "null")
    return name if bare else f"`{name}`"


def in_double_quotes(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def in_single_quotes(text: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def string_of(line: Line, token: Token) -> str:
    """What a quoted string says; JSON escapes, and a backslash before a single quote."""
    inner = token.text[1:-1]
    if token.kind == "literal":
        inner = _STRING_PARTS.sub(lambda m: {'"': '\\"', "\\'": "'"}.get(m.group(), m.group()), inner)
    try:
        said = str(json.loads(f'"{inner}"', strict=False))
        said.encode()  # half a surrogate pair is no text
    except (json.JSONDecodeError, UnicodeEncodeError) as error:
        raise line.error("a string with JSON escapes", token) from error
    return said


def number_of(line: Line, token: Token) -> int | float:
    """What a number says."""
    try:
        number: int | float = json.loads(token.text)
    except ValueError as error:  # no JSON (007), or of more digits than Python takes
        raise line.error("a number", token) from error
    if not math.isfinite(number):
        raise line.error("a number of a size that a computer holds", token)
    return number
