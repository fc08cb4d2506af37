"""write_plugin: writes the start of a plugin package, ready for pip. Knows no expert."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from orchestrator.errors import BadRequest

_TEMPLATES = Path(__file__).parent / "templates"


def write_plugin(name: str, folder: Path) -> Path:
    """Write a plugin package of that name into `folder`; gives the package's folder.

    Raises:
        BadRequest: a name that no package can have, or a folder that is there already.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9\-_]*", name):
        raise BadRequest("name", name, "letters, digits and dashes, beginning with a letter")
    path = folder / name
    if path.exists():
        raise BadRequest("folder", str(path), "a folder that does not exist yet")
    module = name.replace("-", "_").lower()
    words = {"name": name, "module": module, "title": module.replace("_", " ")}
    for source, target in (
        ("pyproject.toml.template", path / "pyproject.toml"),
        ("module.py.template", path / f"{module}.py"),
        ("test_module.py.template", path / "tests" / f"test_{module}.py"),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template((_TEMPLATES / source).read_text("utf-8")).substitute(words), encoding="utf-8")
    return path
