"""Baton: a small controller conducts expert models. Each name is imported on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# At once and not on first use: loading the module `orchestrator.expert` would bind its name here, over the decorator's.
from orchestrator.expert import expert

__version__ = "0.1.0"

_HOMES = {
    "orchestrator.orchestrator": ("Orchestrator",),
    "orchestrator.expert": ("Expert", "Outcome", "Prediction", "expert"),
    "orchestrator.artifact": ("Artifact", "Audio", "File", "Image", "Json", "Labels", "Table", "Text", "Video"),
    "orchestrator.types": (
        "Answer",
        "AnswerReady",
        "Budget",
        "ExpertCard",
        "Passage",
        "Plan",
        "PlanReady",
        "Policy",
        "Port",
        "Request",
        "Step",
        "StepDone",
        "StepProgress",
        "StepResult",
        "StepStarted",
        "Token",
    ),
    "orchestrator.library.library": ("Library",),
    "orchestrator.errors": ("BatonError",),
    "orchestrator.config": ("Settings", "load_settings"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'orchestrator' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from orchestrator.artifact import Artifact, Audio, File, Image, Json, Labels, Table, Text, Video
    from orchestrator.config import Settings, load_settings
    from orchestrator.errors import BatonError
    from orchestrator.expert import Expert, Outcome, Prediction, expert
    from orchestrator.library.library import Library
    from orchestrator.orchestrator import Orchestrator
    from orchestrator.types import (
        Answer,
        AnswerReady,
        Budget,
        ExpertCard,
        Passage,
        Plan,
        PlanReady,
        Policy,
        Port,
        Request,
        Step,
        StepDone,
        StepProgress,
        StepResult,
        StepStarted,
        Token,
    )
