"""The tree of typed errors, each with what the user can do about it. Knows no other module.

BatonError
  BadRequest            the caller's fault: a field, its value, what is legal
    MissingExtra        an optional part is not installed
  ConfigError           an unknown key or a bad value: file and line
  RegistryError
    UnknownExpert       the nearest three names
    InvalidExpert       what was declared and what is wanted
    NotAdmitted         the rule that refused it
    TrainingDataError   labelled data that cannot make an expert
  PlanError
    PlanSyntax          text that is no plan: line, column, what was expected
    PlanCycle           steps that wait for one another
    KindMismatch        both steps and both kinds
    NothingFits         no expert can serve the request
    ControllerFailed    the model that plans raised, or took too long
  StepError             carries the step and the expert
    StepFailed          the expert raised
    StepTimeout         the deadline passed
    StepCancelled       somebody pressed stop
    StepSkipped         a step that it needs gave nothing
    DeviceOutOfMemory   asked and free bytes
  LibraryError
    UnreadableDocument  path and reason
    EmptyLibrary        nothing was added yet
    UnknownDocument     no document of that id
    IndexMismatch       vectors of another model
    StorageFull         the disk took no more
  UnknownRun            no run of that id in the ledger
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_SHOWN_CHARACTERS = 200  # of a bad value in a message


class BatonError(Exception):
    """Root of the tree. `remedy` is one sentence that says what the user can do."""

    remedy = "Look at the message; `baton doctor` shows what is installed."

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if remedy is not None:
            self.remedy = remedy

    @property
    def type(self) -> str:
        """The name of the error, as it stands in JSON."""
        return type(self).__name__

    def as_dict(self) -> dict[str, str]:
        """What `--json` and the HTTP interface show: type, message and remedy."""
        return {"type": self.type, "message": self.message, "remedy": self.remedy}


class BadRequest(BatonError):
    """A field of the request has a value that is not legal."""

    remedy = "Correct the named field and ask again."

    def __init__(self, field: str, value: object, legal: str, remedy: str | None = None) -> None:
        shown = repr(value)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = f"{shown[:_SHOWN_CHARACTERS]}…"
        subject = f"the file {shown}" if field == "files" else f"{field} is {shown}, but"
        super().__init__(f"{subject} must be {legal}", remedy)
        self.field, self.value, self.legal = field, value, legal


class MissingExtra(BadRequest):
    """A part that pip installs only on request is missing."""

    def __init__(self, what: str, extra: str) -> None:
        BatonError.__init__(
            self,
            f"{what} needs the optional extra {extra!r}, which is not installed",
            f'Install it: pip install "baton-orchestrator[{extra}]"',
        )
        self.field, self.value, self.legal = "extra", extra, "an installed extra"


class ConfigError(BatonError):
    """A setting is unknown or has a bad value."""

    remedy = "Correct the setting; docs/operating.md lists all of them."


class RegistryError(BatonError):
    """Something is wrong with an expert as registered."""


class UnknownExpert(RegistryError):
    """No expert of that name; names the nearest three."""

    def __init__(self, name: str, known: Sequence[str] = ()) -> None:
        nearest = get_close_matches(name, known, n=3, cutoff=0.3)
        hint = f"; the nearest are {', '.join(nearest)}" if nearest else ""
        super().__init__(f"no expert is called {name!r}{hint}", "`baton experts list` shows all names.")
        self.name, self.nearest = name, tuple(nearest)


class InvalidExpert(RegistryError):
    """An expert's declaration cannot be used: what was declared and what is wanted."""

    remedy = "Correct the declaration; docs/writing-an-expert.md shows a whole one."

    def __init__(self, name: str, declared: str, wanted: str) -> None:
        super().__init__(f"expert {name!r} declares {declared}; wanted is {wanted}")
        self.name, self.declared, self.wanted = name, declared, wanted


class NotAdmitted(RegistryError):
    """A rule of the configuration or of the policy refused the expert."""

    remedy = "Change the named rule in baton.toml, or choose another expert."


class TrainingDataError(RegistryError):
    """Labelled data that cannot make an expert: too few rows, one class, no label column."""

    remedy = "Add labelled examples: two classes or more, ten rows or more of each."


class PlanError(BatonError):
    """A plan cannot be made or is not one."""


class PlanSyntax(PlanError):
    """A text that should be a plan is none: where, what stands there, what was expected; line and column from 1."""

    remedy = "Correct the plan at this place; docs/plan-language.md describes the language."

    def __init__(self, line: int, column: int, found: str, expected: str) -> None:
        super().__init__(f"line {line}, column {column}: found {found}, expected {expected}")
        self.line, self.column, self.found, self.expected = line, column, found, expected


class PlanCycle(PlanError):
    """Steps wait for one another."""

    def __init__(self, steps: Sequence[str]) -> None:
        super().__init__(f"steps wait for one another: {' -> '.join(steps)}", "Remove one of these links.")
        self.steps = tuple(steps)


class KindMismatch(PlanError):
    """An output is linked to an input of another kind."""

    def __init__(self, source: str, source_kind: str, target: str, target_kind: str) -> None:
        super().__init__(
            f"{source} gives {source_kind}, but {target} takes {target_kind}",
            "Link ports of one kind, or put a converting step between them.",
        )


class NothingFits(PlanError):
    """No registered expert can serve the request."""

    remedy = "`baton experts list` shows what can be asked; `baton experts add` brings more."


class ControllerFailed(PlanError):
    """The model that plans raised, or took too long."""

    remedy = 'Check that the model\'s server answers, or set [controller] name to "compact" in baton.toml.'


class StepError(BatonError):
    """A step gave no result. Never raised out of a run: it stands in the StepResult."""

    def __init__(self, step: str, expert: str, message: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy)
        self.step, self.expert = step, expert


class StepFailed(StepError):
    """The expert raised; the message names the cause."""


class StepTimeout(StepError):
    """The deadline passed while the step waited or ran."""

    remedy = "Raise the deadline, or give it a smaller input."


class StepCancelled(StepError):
    """Somebody stopped the run."""

    remedy = "Ask again."


class StepSkipped(StepError):
    """A step that this one needs gave no result."""


class DeviceOutOfMemory(StepError):
    """The device has fewer free bytes than the expert asks for."""


class LibraryError(BatonError):
    """Something is wrong with the library or a document."""


class UnreadableDocument(LibraryError):
    """A file gives no text: path and reason."""

    def __init__(self, uri: str, reason: str, remedy: str = "Check the file and add it again.") -> None:
        super().__init__(f"{uri}: {reason}", remedy)
        self.uri, self.reason = uri, reason


class EmptyLibrary(LibraryError):
    """Nothing was added yet."""

    remedy = "Add documents first: baton library add PATH"

    def __init__(self, message: str = "the library holds no document") -> None:
        super().__init__(message)


class UnknownDocument(LibraryError):
    """The library holds no document of that id."""

    remedy = "`baton library list` shows all ids."


class IndexMismatch(LibraryError):
    """The vectors were made by another embedding model."""

    remedy = "Remove the folder vectors/ in BATON_HOME; it is rebuilt from the database."


class StorageFull(LibraryError):
    """The disk took no more; what was accepted before is safe."""

    remedy = "Free some space and run the command again; it carries on where it stopped."


class UnknownRun(BatonError):
    """The ledger holds no run of that id."""

    remedy = "`baton trace list` shows the latest ids."
