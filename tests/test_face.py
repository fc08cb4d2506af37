"""The public face: what `orchestrator` exports, and that importing it and asking for help stay light and quick."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

import orchestrator

HEAVY = ("torch", "transformers", "langchain", "langchain_core", "gradio", "faiss", "pandas", "sklearn", "numpy", "PIL")


def test_the_export_list() -> None:
    assert orchestrator.__all__ == [
        "__version__",
        "Answer",
        "AnswerReady",
        "Artifact",
        "Audio",
        "BatonError",
        "Budget",
        "Expert",
        "ExpertCard",
        "File",
        "Image",
        "Json",
        "Labels",
        "Library",
        "Orchestrator",
        "Outcome",
        "Passage",
        "Plan",
        "PlanReady",
        "Policy",
        "Port",
        "Prediction",
        "Request",
        "Settings",
        "Step",
        "StepDone",
        "StepProgress",
        "StepResult",
        "StepStarted",
        "Table",
        "Text",
        "Token",
        "Video",
        "expert",
        "load_settings",
    ]
    assert sorted(dir(orchestrator)) == sorted(orchestrator.__all__)


def test_every_export_is_there_under_its_own_name() -> None:
    for name in orchestrator.__all__:
        value = getattr(orchestrator, name)
        assert name == "__version__" or value.__name__ == name
    with pytest.raises(AttributeError, match="module 'orchestrator' has no attribute 'Agent'"):
        _ = orchestrator.Agent  # type: ignore[attr-defined]


def test_expert_stays_the_decorator_after_its_module_was_imported() -> None:
    code = "import orchestrator, orchestrator.expert as m; from orchestrator import expert; print(callable(expert))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


FACES = {
    "import orchestrator": ["-c", "import orchestrator; orchestrator.Request, orchestrator.expert, orchestrator.Text"],
    "baton --help": ["-m", "orchestrator.cli", "--help"],
}


@pytest.mark.parametrize("arguments", FACES.values(), ids=list(FACES))
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    run = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}
    assert "orchestrator" in imported
    assert [name for name in HEAVY if name in imported] == []


@pytest.mark.parametrize("arguments", FACES.values(), ids=list(FACES))
def test_it_takes_less_than_half_a_second(arguments: list[str]) -> None:
    # Processor time: what the clock shows on a machine that has nothing else to do.
    took_s = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took_s) < 0.5
