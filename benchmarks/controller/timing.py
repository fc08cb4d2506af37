"""Timing: how long a plan takes, and how that grows with the number of experts. Knows no public set.

Requests and cards are the twins' English ones. The systems, and the numbers of experts, take turns on every request (A
B A B); one thread; a round to warm up, then NUM_ROUNDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.controller.bench import Bench
from benchmarks.controller.score import OURS, Score
from benchmarks.controller.sets import Case
from benchmarks.controller.systems import Baton, Similarity, TextVectors
from orchestrator.embedding import encoder
from orchestrator.evaluation.metrics import estimate, percentile
from orchestrator.evaluation.plans import request_of_row
from orchestrator.registry.card_index import CardIndex
from orchestrator.registry.shortlist import Scorer, shortlist
from orchestrator.types import ExpertCard

NUM_ROUNDS = 7
NUM_EXPERTS = 30
FEW, MANY, MANY_WHEN_LIMITED = 10, 10_000, 300
SHORTLIST_SIZE = 48  # as the settings have it
NOISY = 1.2  # the reference's median of one round over that of another
_NUM_REQUESTS = 20

Run = Callable[[Case], object]


@dataclass(frozen=True)
class Times:
    """Seconds of every call, round by round.

    Args:
        wall_s: by round and request.
        cpu_s: the same, of the process.
    """

    wall_s: tuple[tuple[float, ...], ...]
    cpu_s: tuple[tuple[float, ...], ...]

    def all_ms(self) -> tuple[float, ...]:
        return tuple(1e3 * value for one in self.wall_s for value in one)

    def all_cpu_ms(self) -> tuple[float, ...]:
        return tuple(1e3 * value for one in self.cpu_s for value in one)

    @property
    def is_noisy(self) -> bool:
        """Whether the medians of the rounds move by more than a fifth."""
        medians = [statistics.median(one) for one in self.wall_s]
        return max(medians) > NOISY * min(medians)


def latency(bench: Bench, row: str) -> list[Score]:
    """A plan over 30 experts beside plain similarity, and the growth from ten to ten thousand."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _latency(bench, row)
    finally:
        torch.set_num_threads(threads)


def _latency(bench: Bench, row: str) -> list[Score]:
    limit = bench.sets.limit
    num_requests = _NUM_REQUESTS if limit is None else min(limit, _NUM_REQUESTS)
    every = bench.sets.cases("twins/cases.en.jsonl")
    with contextlib.closing(Baton(bench.shipped())) as baton:
        cases = within(every, NUM_EXPERTS)[:num_requests]
        peer = _reference()
        times = in_turns({OURS: baton.plan, Similarity.name: peer}, cases)
        scores = _at_rest(row, times, bench.shipped().name)
        few = within(every, FEW)[:num_requests]
        many = among(few, MANY if limit is None else MANY_WHEN_LIMITED)
        ways = {"": baton.plan, ", shortlist first": _shortlisted(baton)}
        for way, run in ways.items():
            scores.append(_growth(row, OURS, way, run, few, many))
        scores.append(_growth(row, Similarity.name, "", peer, few, many))
    return scores


def _reference() -> Run:
    """Plain similarity, which reads every request anew."""
    vectors = TextVectors()

    def run(case: Case) -> object:
        vectors.forget(str(case.row["request"]))
        return Similarity(vectors, 2).plan(case)

    return run


def _shortlisted(baton: Baton) -> Run:
    """As an Orchestrator plans: the cards most like the request first, then the controller over these."""
    scorer = baton.controller if isinstance(baton.controller, Scorer) else CardIndex(encoder)
    runner = asyncio.Runner()

    def run(case: Case) -> object:
        request = request_of_row(case.row)
        return runner.run(baton.controller.plan(request, shortlist(request, case.cards, scorer, SHORTLIST_SIZE)))

    return run


def within(cases: Sequence[Case], num_experts: int) -> list[Case]:
    """The cases whose experts are all among so many cards, which are those of the first cases."""
    by_name = {card.name: card for card in cases[0].cards}
    chosen: dict[str, ExpertCard] = {}
    for case in cases:
        if len(chosen.keys() | set(case.experts)) <= num_experts:
            chosen.update((name, by_name[name]) for name in case.experts)
    for name, card in by_name.items():
        if len(chosen) < num_experts:
            chosen.setdefault(name, card)
    cards = tuple(chosen.values())
    return [replace(case, cards=cards) for case in cases if chosen.keys() >= set(case.experts)]


def among(cases: Sequence[Case], num_experts: int) -> list[Case]:
    """The cases among so many cards: their own, and variants of them under other names."""
    own = tuple(card.model_copy(update={"examples": ()}) for card in cases[0].cards)
    variants = (
        card.model_copy(update={"name": f"{card.name}_{n}", "description": f"{card.description} Variant {n}."})
        for n, card in ((n, own[n % len(own)]) for n in range(num_experts - len(own)))
    )
    cards = (*own, *variants)
    return [replace(case, cards=cards) for case in cases]


def in_turns(runs: Mapping[str, Run], cases: Sequence[Case], num_rounds: int = NUM_ROUNDS) -> dict[str, Times]:
    """Every run on every case in turn, after a round to warm up."""
    return _timed({name: [functools.partial(run, case) for case in cases] for name, run in runs.items()}, num_rounds)


def _timed(calls: Mapping[str, Sequence[Callable[[], object]]], num_rounds: int) -> dict[str, Times]:
    wall: dict[str, list[tuple[float, ...]]] = {name: [] for name in calls}
    cpu: dict[str, list[tuple[float, ...]]] = {name: [] for name in calls}
    num_calls = len(next(iter(calls.values())))
    for _ in range(num_rounds + 1):
        now: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
        for position in range(num_calls):
            for name, own in calls.items():
                started, cpu_started = time.perf_counter(), time.process_time()
                own[position]()
                now[name].append((time.perf_counter() - started, time.process_time() - cpu_started))
        for name, pairs in now.items():
            wall[name].append(tuple(pair[0] for pair in pairs))
            cpu[name].append(tuple(pair[1] for pair in pairs))
    return {name: Times(tuple(wall[name][1:]), tuple(cpu[name][1:])) for name in calls}


def _at_rest(row: str, times: Mapping[str, Times], controller: str) -> list[Score]:
    is_noisy = times[Similarity.name].is_noisy
    scores = []
    for system, own in times.items():
        note = f"{NUM_EXPERTS} experts, shipped: {controller}" if system == OURS else ""
        wall, cpu = own.all_ms(), own.all_cpu_ms()
        for measure, samples, percent in (("p50 ms", wall, 50), ("p95 ms", wall, 95), ("p50 CPU ms", cpu, 50)):
            scores.append(
                Score(
                    row=row,
                    system=system,
                    measure=measure,
                    estimate=percentile(samples, percent),
                    note=note,
                    is_noisy=is_noisy,
                    raw=samples,
                )
            )
    return scores


def _growth(row: str, system: str, way: str, run: Run, few: Sequence[Case], many: Sequence[Case]) -> Score:
    """p50 among many experts over p50 among few, the two in turn on every request."""
    import numpy

    calls = {
        "few": [functools.partial(run, case) for case in few],
        "many": [functools.partial(run, case) for case in many],
    }
    times = _timed(calls, NUM_ROUNDS)
    pairs = numpy.asarray([times["few"].all_ms(), times["many"].all_ms()]).T  # (N, 2)
    value = estimate(pairs, lambda rows: float(numpy.median(rows[:, 1]) / numpy.median(rows[:, 0])))
    return Score(
        row=row,
        system=system,
        measure=f"growth of p50{way}",
        estimate=value,
        note=f"{len(few[0].cards)} to {len(many[0].cards):,} experts",
        is_noisy=times["few"].is_noisy,
        parts={name: statistics.median(own.all_ms()) for name, own in times.items()},
        raw=tuple((pairs[:, 1] / pairs[:, 0]).tolist()),
    )
