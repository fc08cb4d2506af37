"""The tree of errors: its shape as its docstring draws it, and that each says what can be done."""

from __future__ import annotations

import inspect
import re

import pytest

from orchestrator import errors
from orchestrator.errors import (
    BadRequest,
    BatonError,
    InvalidExpert,
    KindMismatch,
    MissingExtra,
    PlanCycle,
    StepTimeout,
    UnknownExpert,
    UnreadableDocument,
)

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, BatonError)]


def drawn_tree() -> set[tuple[str, str]]:
    """Pairs of (class, parent) as the module's docstring draws them by indentation."""
    pairs, above = set(), {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"( *)([A-Z]\w+)(?:  |$)", line):
            depth, name = len(match.group(1)), match.group(2)
            above[depth] = name
            parents = [d for d in above if d < depth]
            pairs.add((name, above[max(parents)] if parents else "Exception"))
    return pairs


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert drawn_tree() == {(c.__name__, c.__base__.__name__) for c in CLASSES}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_error_has_a_remedy_in_a_sentence(cls: type[BatonError]) -> None:
    assert re.match(r"^[A-Z`].{8,}", cls.remedy)


@pytest.mark.parametrize(
    ("error", "type_name", "message", "remedy"),
    [
        (
            BadRequest("k", 0, "1 to 100"),
            "BadRequest",
            "k is 0, but must be 1 to 100",
            "Correct the named field and ask again.",
        ),
        (
            MissingExtra("speech synthesis", "speech"),
            "MissingExtra",
            "speech synthesis needs the optional extra 'speech', which is not installed",
            'Install it: pip install "baton-orchestrator[speech]"',
        ),
        (
            UnknownExpert("sentimnt", ["sentiment", "summarize", "sentences", "sent", "zzz"]),
            "UnknownExpert",
            "no expert is called 'sentimnt'; the nearest are sentiment, sent, sentences",
            "`baton experts list` shows all names.",
        ),
        (
            UnknownExpert("qqqq", ["sentiment"]),
            "UnknownExpert",
            "no expert is called 'qqqq'",
            "`baton experts list` shows all names.",
        ),
        (
            InvalidExpert("e", "x: Foo", "one of Text"),
            "InvalidExpert",
            "expert 'e' declares x: Foo; wanted is one of Text",
            "Correct the declaration; docs/writing-an-expert.md shows a whole one.",
        ),
        (
            PlanCycle(["a", "b", "a"]),
            "PlanCycle",
            "steps wait for one another: a -> b -> a",
            "Remove one of these links.",
        ),
        (
            KindMismatch("s1.text", "text", "s2.image", "image"),
            "KindMismatch",
            "s1.text gives text, but s2.image takes image",
            "Link ports of one kind, or put a converting step between them.",
        ),
        (
            StepTimeout("s1", "ocr", "ocr did not finish in time"),
            "StepTimeout",
            "ocr did not finish in time",
            "Raise the deadline, or give it a smaller input.",
        ),
        (
            UnreadableDocument("a.pdf", "it is encrypted", "Give the password."),
            "UnreadableDocument",
            "a.pdf: it is encrypted",
            "Give the password.",
        ),
    ],
)
def test_an_error_as_data(error: BatonError, type_name: str, message: str, remedy: str) -> None:
    assert error.as_dict() == {"type": type_name, "message": message, "remedy": remedy}
    assert str(error) == message


def test_a_long_value_is_cut_in_the_message():
    message = BadRequest("text", "pump " * 20_000, "at most 10 words").message
    assert message.startswith("text is 'pump pump pump")
    assert message.endswith("…, but must be at most 10 words")
    assert len(message) < 250


def test_a_bad_file_is_named_as_one():
    assert BadRequest("files", "a.png", "a readable image file").message == (
        "the file 'a.png' must be a readable image file"
    )
