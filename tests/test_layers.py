"""Imports run downward only: values, contract, parts, controller and engines, orchestrator, faces.

Only imports that run when a module is loaded count; one inside a function is a decision made at run time, and one under
TYPE_CHECKING is none.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The floor of the longest prefix that fits a module counts.
FLOORS = {
    "orchestrator": 0,
    "orchestrator.errors": 0,
    "orchestrator.decoding": 0,
    "orchestrator.artifact": 0,
    "orchestrator.types": 0,
    "orchestrator.config": 0,
    "orchestrator.language": 0,
    "orchestrator.database": 0,
    "orchestrator.embedding": 0,
    "orchestrator.minilm": 0,
    "orchestrator.expert": 1,
    "orchestrator.engine": 1,  # scheduler and bindings belong to the contract
    "orchestrator.ledger": 1,
    "orchestrator.registry": 2,
    "orchestrator.library": 2,
    "orchestrator.composer": 2,
    "orchestrator.engine.workers": 2,
    "orchestrator.controller": 3,
    "orchestrator.engine.local": 3,
    "orchestrator.orchestrator": 4,
    "orchestrator.ledger.replay": 4,  # runs a recorded plan again
    "orchestrator.evaluation": 5,
    "orchestrator.controller.training": 5,
    "orchestrator.cli": 6,
    "orchestrator.server": 6,
}
NAMES = {
    0: "values",
    1: "contract",
    2: "parts",
    3: "controller and engines",
    4: "orchestrator",
    5: "evaluation",
    6: "faces",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    names = [name for name in FLOORS if module == name or module.startswith(f"{name}.")]
    return FLOORS[max(names, key=len)]


@functools.cache
def imports(path: Path, inside_functions: bool = False) -> frozenset[str]:
    """Modules that are imported when the file is loaded, or also those inside functions."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and not inside_functions:
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                module = child.module or ""
                folder = ROOT / module.replace(".", "/")
                submodules = {f"{module}.{a.name}" for a in child.names if (folder / f"{a.name}.py").is_file()}
                found.update(submodules or {module})
            walk(child)

    walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


CORE = sorted((ROOT / "orchestrator").rglob("*.py"))
ALL = [*CORE, *sorted((ROOT / "experts").rglob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CORE, ids=name)
def test_imports_run_downward(path: Path) -> None:
    module = module_of(path)
    if module == "orchestrator":
        return  # the public face names what lies on every floor
    upward = {
        f"{other} ({NAMES[floor(other)]})"
        for other in imports(path)
        if other.partition(".")[0] == "orchestrator" and floor(other) > floor(module)
    }
    assert not upward, f"{module} ({NAMES[floor(module)]}) imports {sorted(upward)}"


@pytest.mark.parametrize("path", CORE, ids=name)
def test_the_core_imports_neither_experts_nor_the_chat(path: Path) -> None:
    assert not {n for n in imports(path, True) if n.partition(".")[0] in ("experts", "ui")}


def test_modules_do_not_import_one_another_in_circles() -> None:
    graph = {module_of(path): {other for other in imports(path) if other != "orchestrator"} for path in CORE}
    for start in graph:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for other in graph.get(waiting.pop(), set()) - seen:
                seen.add(other)
                waiting.append(other)
        assert start not in seen, f"{start} comes back to itself"


HEAVY = {
    "torch", "transformers", "sentence_transformers", "diffusers", "langchain", "langchain_core", "gradio", "faiss",
    "pandas", "sklearn", "scipy", "skimage", "cv2", "onnxruntime", "matplotlib", "rapidocr", "soundfile",
    "jieba", "PIL",
}  # fmt: skip


# Models, their training, and classes that extend those of another package; imported inside the functions that use them.
LOADED_LATE = (
    "orchestrator.minilm",
    "orchestrator.library.retriever",
    "orchestrator.controller.planner",
    "orchestrator.controller.training",
)
HEAVY_OF_OURS = {module_of(path) for path in ALL if {n.partition(".")[0] for n in imports(path)} & HEAVY}


@pytest.mark.parametrize("path", [path for path in ALL if not module_of(path).startswith(LOADED_LATE)], ids=name)
def test_nothing_heavy_is_imported_before_it_is_used(path: Path) -> None:
    heavy = {n for n in imports(path) if n.partition(".")[0] in HEAVY or n in HEAVY_OF_OURS}
    assert not heavy


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_module_says_what_it_is_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert text.count("\n") <= 500


@pytest.mark.parametrize("path", ALL, ids=name)
def test_no_module_is_named_for_nothing(path: Path) -> None:
    assert path.stem not in ("utils", "helpers", "base", "manager", "common", "misc")
