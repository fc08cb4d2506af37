"""Symbols of the plan language as the planner writes it, and the grammar that says which may come next. Pure.

A plan is a row of symbols, each an index into the memory of one request:

    [special ... | attachments ... | steps ... | options ... | cards ... | request tokens ...]

    plan   := END | DECLINE | (card port*)+ END      one `port` production for every input port of the card, in order
    port   := OMIT | MISSING | TRUE | FALSE | FILES | attachment | step | option
            | step step* OMIT                        several outputs together
            | token LAST-token                       a span of the request: its first token, then its last
            | (token LAST-token)+ OMIT               for ports that take lists
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Special(enum.IntEnum):
    """Symbols that every memory begins with."""

    END = 0
    DECLINE = 1
    OMIT = 2
    MISSING = 3
    TRUE = 4
    FALSE = 5
    FILES = 6


NUM_SPECIAL = len(Special)


class Entry(enum.IntEnum):
    """What an entry of a memory is, in the order in which they stand."""

    SPECIAL = 0
    ATTACHMENT = 1
    STEP = 2
    OPTION = 3
    CARD = 4
    TOKEN = 5


class Slot(enum.IntEnum):
    """What the planner is about to write."""

    EXPERT = 0
    VALUE = 1
    LAST = 2


@dataclass(frozen=True)
class Layout:
    """Where each kind of symbol lies in the memory of one request."""

    num_attachments: int
    max_steps: int
    num_options: int
    num_cards: int
    num_tokens: int

    @property
    def attachments(self) -> int:
        return NUM_SPECIAL

    @property
    def steps(self) -> int:
        return self.attachments + self.num_attachments

    @property
    def options(self) -> int:
        return self.steps + self.max_steps

    @property
    def cards(self) -> int:
        return self.options + self.num_options

    @property
    def tokens(self) -> int:
        return self.cards + self.num_cards

    @property
    def size(self) -> int:
        return self.tokens + self.num_tokens
