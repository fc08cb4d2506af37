"""Suggestions: requests to click, from the installed experts' cards, proved by planning. Knows no component."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from orchestrator.artifact import ARTIFACT_CLASSES, kind_of
from orchestrator.errors import BatonError
from orchestrator.language import has_chinese
from orchestrator.orchestrator import Orchestrator
from orchestrator.types import ExpertCard, Value

MAX_SUGGESTIONS = 6
_MEDIA = Path(__file__).resolve().parent.parent / "examples"
_LIBRARY = "library"
# Other tasks ask for what not every picture or table holds: a bar code, a face, a column of that name.
_SUIT_ANY_FILE = frozenset(
    {"image-to-text", "automatic-speech-recognition", "voice-activity-detection", "tabular-analysis"}
)
_QUOTED = re.compile(r"""["'“‘「](.{4,})["'”’」]""")  # without a file, the request itself holds what it is about


class Suggestion(Value):
    """A request that Baton can plan as it stands, with the file that it is about."""

    text: str
    files: tuple[str, ...] = ()


def suggestions(orchestrator: Orchestrator, *, chinese: bool, media: Path = _MEDIA) -> list[Suggestion]:
    """Examples of different experts whose plan really runs that expert; files come from `media`."""
    files = _files_by_kind(media)
    found: list[Suggestion] = []
    for card in sorted(orchestrator.registry.cards, key=lambda c: (not _wanted_kinds(c), c.name)):
        kinds = _wanted_kinds(card)
        if (kinds and card.task not in _SUIT_ANY_FILE) or any(kind not in files for kind in kinds):
            continue
        attached = tuple(dict.fromkeys(files[kind] for kind in kinds))
        text = _first_planned(orchestrator, card, attached, chinese)
        if text is not None:
            found.append(Suggestion(text=text, files=attached))
        if len(found) == MAX_SUGGESTIONS:
            break
    return found


def _first_planned(orchestrator: Orchestrator, card: ExpertCard, files: Sequence[str], chinese: bool) -> str | None:
    texts = [e for e in card.examples if has_chinese(e) == chinese and (files or _QUOTED.search(e))]
    for text in texts[:3]:
        try:
            plan = orchestrator.plan(text, list(files))
        except BatonError:
            continue
        if plan.status == "planned" and card.name in {step.expert for step in plan.steps}:
            return text
    return None


def _wanted_kinds(card: ExpertCard) -> list[str]:
    """Kinds of file that the expert cannot do without; a text may stand in the request itself."""
    return [
        port.kind for port in card.inputs if port.required and port.kind in ARTIFACT_CLASSES and port.kind != "text"
    ]


def _files_by_kind(media: Path) -> dict[str, str]:
    """The first file of each kind, a folder of documents left out."""
    files: dict[str, str] = {}
    for path in sorted(media.rglob("*")) if media.is_dir() else ():
        if path.is_file() and _LIBRARY not in path.relative_to(media).parts[:-1] and not path.name.startswith("."):
            files.setdefault(kind_of(path.name), str(path))
    files.pop("file", None)
    return files
