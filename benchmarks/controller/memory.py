"""Memory: what planning adds to Python with torch loaded, and what a whole Orchestrator takes. Knows no public set.

Each number comes from a fresh process, this module run as `python -m benchmarks.controller.memory controller|process`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.controller.bench import Bench
from benchmarks.controller.score import OURS, Score
from orchestrator.errors import BatonError
from orchestrator.evaluation.metrics import estimate

NUM_ROUNDS = 3
_ROOT = Path(__file__).parents[2]
_TEXTS = (
    ("pump", "The pump", "The pump XR-2000 moves forty litres of water a minute and weighs 2.6 kilograms."),
    ("tea", "Tea", "Green tea is brewed at eighty degrees for two minutes. Black tea takes boiling water."),
    ("valve", "阀门", "红色阀门在压力达到七巴时自动打开。"),
)
_REQUESTS = ("Read the text in this picture and then summarise it", "把这封信翻译成英文，然后朗读出来")


def memory(bench: Bench, row: str) -> list[Score]:
    """Resident megabytes (10^6 bytes), three fresh processes each."""
    num_rounds = NUM_ROUNDS if bench.sets.limit is None else 1
    scores = []
    for mode, measure in (("controller", "controller MB"), ("process", "whole process MB")):
        found = tuple(_in_fresh_process(mode) for _ in range(num_rounds))
        note = f"{num_rounds} processes, shipped: {bench.shipped().name}"
        scores.append(Score(row=row, system=OURS, measure=measure, estimate=estimate(found), note=note, raw=found))
    return scores


def _in_fresh_process(mode: str) -> float:
    command = [sys.executable, "-m", "benchmarks.controller.memory", mode]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise BatonError(f"the process that plans ended early: {done.stderr.strip().splitlines()[-1]}")
    return float(json.loads(done.stdout.splitlines()[-1])["megabytes"])


def resident_bytes() -> int:
    """What this process holds in memory; the most it ever held where the system tells nothing else."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def of_the_controller() -> int:
    """Bytes that the default controller adds to Python with torch loaded, after planning in both languages."""
    import torch

    torch.set_num_threads(1)
    before = resident_bytes()
    from benchmarks.controller.sets import Sets
    from benchmarks.controller.systems import Baton
    from orchestrator.config import load_settings
    from orchestrator.controller.choice import controller_of
    from orchestrator.embedding import encoder
    from orchestrator.registry.card_index import CardIndex

    case = Sets(Path()).cases("twins/cases.en.jsonl")[0]
    with contextlib.closing(Baton(controller_of(load_settings({}), CardIndex(encoder)))) as baton:
        for text in _REQUESTS:
            baton.plan(replace(case, row={**case.row, "request": text}))
        return resident_bytes() - before


def of_the_process() -> int:
    """Bytes of a whole process whose Orchestrator has planned, and searched its library."""
    from orchestrator import Orchestrator

    with tempfile.TemporaryDirectory() as home, Orchestrator({}, home=home) as orchestrator:
        list(orchestrator.library.add_texts(_TEXTS))
        for text in _REQUESTS:
            orchestrator.plan(text)
        orchestrator.library.search("How much does the pump weigh?", 3)
        orchestrator.library.search("红色阀门什么时候打开？", 3)
        return resident_bytes()


MODES: dict[str, Callable[[], int]] = {"controller": of_the_controller, "process": of_the_process}

if __name__ == "__main__":
    print(json.dumps({"megabytes": MODES[sys.argv[1]]() / 1e6}))
