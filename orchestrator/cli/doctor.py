"""`baton doctor`: what is installed, which devices there are, what would run where."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from orchestrator.cli.output import errors_shown, print_json

_PACKAGES = ("torch", "transformers", "diffusers", "sentence-transformers", "faiss-cpu", "langchain-core", "gradio")
_EXTRAS = {"speech": "espeakng_loader", "encrypted": "cryptography", "openai": "langchain_openai"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")] = False) -> None:
    """What is installed, which devices there are, what would run where."""
    with errors_shown(as_json):
        report = _report()
        if as_json:
            print_json(report)
            return
        for section, facts in report.items():
            print(section if facts else f"{section}: none")
            for name, value in facts.items():
                print(f"  {name}: {value}")


def _report() -> dict[str, dict[str, Any]]:
    from orchestrator.cli.registered import registered
    from orchestrator.config import load_settings

    settings = load_settings()
    registry = registered(settings)
    devices = _devices()
    accelerator = next((name for name in devices if name != "cpu"), "cpu")
    return {
        "system": {"python": platform.python_version(), "platform": sys.platform, "cores": os.cpu_count()},
        "packages": {name: _version(name) for name in _PACKAGES},
        "extras": {
            name: "installed"
            if importlib.util.find_spec(module)
            else f"missing (pip install baton-orchestrator[{name}])"
            for name, module in _EXTRAS.items()
        },
        "programs": {"ffmpeg (for mp3, m4a, aac)": shutil.which("ffmpeg") or "missing (optional)"},
        "devices": devices,
        "home": {"path": str(settings.home_path), "free bytes": _free_bytes(settings.home_path)},
        "experts": {card.name: accelerator if card.resources.gpu_bytes else "cpu" for card in registry.cards},
        "problems": {problem.origin: problem.error for problem in registry.problems},
    }


def _devices() -> dict[str, str]:
    import torch

    found = {"cpu": f"{os.cpu_count()} cores"}
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{properties.name}, {properties.total_memory} bytes"
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _free_bytes(path: Any) -> int:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
