"""What invented experts can do: operations, read from the TOML files beside this module. Knows no request."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.training.synthetic.phrases import fields_of, plural, with_article
from orchestrator.types import Language

_FOLDER = Path(__file__).parent
MEDIA_DOMAINS = ("image", "audio", "video", "text", "data", "sinks")


@dataclass(frozen=True)
class Slot:
    """A value that experts ask for."""

    name: str
    ports: tuple[str, ...]
    generator: str
    about: tuple[str, ...]
    en: tuple[str, ...]
    zh: tuple[str, ...]
    label_zh: str

    @property
    def kind(self) -> str:
        """The generator without its details: `pool`, `date`, `enum`, ..."""
        return self.generator.partition(":")[0]


@dataclass(frozen=True)
class Wording:
    """How one language says an operation; {in}, {in2} are its inputs, other fields its slots."""

    clauses: tuple[str, ...]
    asks: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    implicit: tuple[str, ...] = ()
    np: tuple[str, ...] = ()
    pick: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """What an operation works on: an artifact kind, or `item`, `found`, `several`: numbers of things of its domain."""

    kind: str
    many: bool = False

    @property
    def is_item(self) -> bool:
        return self.kind in ("item", "found", "several")


@dataclass(frozen=True, eq=False)  # each exists once; hashing all its words would cost a tenth of the time
class Operation:
    """Something that an expert can do. Operations of one `group` do nearly the same and never compete in one case."""

    key: str
    group: str
    domain: str
    names: tuple[str, ...]
    about: tuple[str, ...]
    about_zh: tuple[str, ...]
    inputs: tuple[Input, ...]
    slots: tuple[tuple[str, bool], ...]  # name, required
    gives: str
    effect: bool
    en: Wording
    zh: Wording
    noun: tuple[str, str, str] = ("", "", "")  # singular, plural, Chinese

    def wording(self, language: Language) -> Wording:
        return self.en if language == "en" else self.zh

    @functools.cached_property
    def action(self) -> str:
        """What is done with an object: the part of the key behind the last slash; "" for other operations."""
        return self.key.rpartition("/")[2] if self.noun[0] else ""

    @functools.cached_property
    def object_key(self) -> str:
        return f"{self.domain}/{self.noun[0]}" if self.noun[0] else ""


def _parts(text: str, separator: str = ";") -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


@functools.cache
def slots() -> dict[str, Slot]:
    """The slots by name."""
    rows = tomllib.loads((_FOLDER / "slots.toml").read_text("utf-8"))["rows"]
    found = {}
    for row in rows:
        name, ports, generator, about, en, zh, label = (part.strip() for part in row.split("|"))
        found[name] = Slot(name, _parts(ports, ","), generator, _parts(about), _parts(en), _parts(zh), label)
    return found


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Every operation, in the order of the files."""
    found: list[Operation] = []
    for path in (_FOLDER / "media.toml", *sorted((_FOLDER / "domains").glob("*.toml"))):
        for domain, table in tomllib.loads(path.read_text("utf-8")).items():
            for row in table.get("objects", ()):
                found.extend(_object_operations(domain, row))
            for row in table.get("rows", ()):
                found.append(_row_operation(domain, row))
    return tuple(found)


@functools.cache
def domains() -> tuple[str, ...]:
    """Names of the domains, in the order of the files."""
    return tuple(dict.fromkeys(operation.domain for operation in operations()))


@functools.cache
def _actions() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_FOLDER / "actions.toml").read_text("utf-8"))


def _object_operations(domain: str, row: str) -> list[Operation]:
    names, zh, actions, slot_names = (part.strip() for part in row.split("|"))
    single, _, many = names.partition("/")
    mass = single.startswith("~")
    single = single.lstrip("~")
    many = single if mass else many or plural(single)
    words = {
        "o": single, "os": many, "ao": f"{'some ' if mass else ''}{single}" if mass else with_article(single),
        "O": single.capitalize(),
    }  # fmt: skip
    listed = actions.split()
    # What can be searched and booked can also be booked by the number that the search gave.
    listed += [f"{action}_item" for action in ("book", "order") if "find" in listed and action in listed]
    return [
        _action_operation(domain, action, _actions()[action], words, zh, tuple(slot_names.split())) for action in listed
    ]


def _action_operation(
    domain: str, name: str, action: Mapping[str, Any], words: Mapping[str, str], zh: str, slot_names: tuple[str, ...]
) -> Operation:
    def said(key: str, language: str = "en") -> tuple[str, ...]:
        text = action.get(key, "")
        for field, word in {**words, **({"o": zh} if language == "zh" else {})}.items():
            text = text.replace(f"{{{field}}}", word)
        return _parts(text)

    takes = action.get("takes", "")
    without = action.get("without", "").split()
    own = [_slot_use(use) for use in action.get("slots", "").split()]
    inherited = [] if takes else [(slot, i < 1) for i, slot in enumerate(s for s in slot_names if s not in without)]
    return Operation(
        key=f"{domain}/{words['o']}/{name}",
        group=f"{domain}/{words['o']}/{action['group']}",
        domain=domain,
        names=said("names"),
        about=said("about"),
        about_zh=said("about_zh", "zh"),
        inputs=(Input(takes, many=takes == "several"),) if takes else (),
        slots=tuple(inherited + own),
        gives=action["gives"],
        effect=action["effect"],
        en=Wording(*(said(k) for k in ("en", "ask", "say", "implicit", "np", "pick", "refs"))),
        zh=Wording(*(said(f"zh{k}", "zh") for k in ("", "_ask", "_say", "_implicit", "_np", "_pick", "_refs"))),
        noun=(words["o"], words["os"], zh),
    )


def _slot_use(text: str) -> tuple[str, bool]:
    return text.rstrip("!?"), text.endswith("!")


def _row_operation(domain: str, row: str) -> Operation:
    names, about, about_zh, kinds, slot_names, en, zh, gives, gives_zh = (part.strip() for part in row.split("|"))
    takes, _, output = (part.strip() for part in kinds.partition(">"))
    all_names = _parts(names)
    return Operation(
        key=f"{domain}/{all_names[0]}",
        group=f"{domain}/{all_names[0]}",
        domain=domain,
        names=all_names,
        about=_parts(about),
        about_zh=_parts(about_zh),
        inputs=tuple(Input(kind.rstrip("*"), kind.endswith("*")) for kind in takes.split()),
        slots=tuple(_slot_use(use) for use in slot_names.split()),
        gives=output,
        effect=output == "confirmation",
        en=_row_wording(en, gives, "?"),
        zh=_row_wording(zh, gives_zh, "？"),
    )


def _row_wording(text: str, gives: str, question_mark: str) -> Wording:
    templates = _parts(text)
    noun, _, short = (part.strip() for part in gives.partition("&"))
    asks = tuple(t for t in templates if t.endswith(question_mark))
    clauses = tuple(t for t in templates if not t.endswith(question_mark))
    return Wording(clauses, asks=asks, np=_parts(noun), pick=_parts(short), refs=_parts(short))


@functools.cache
def inline_slots(operation: Operation) -> frozenset[str]:
    """Slots that some English clause of the operation has inside it."""
    fields = frozenset[str]().union(*(fields_of(clause) for clause in operation.en.clauses))
    return fields & frozenset(slots())


def is_artifact(kind: str) -> bool:
    return kind in ARTIFACT_CLASSES
