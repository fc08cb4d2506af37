"""Quality: the rows of the table that say how right the plans are and how well their confidence tells it.

Pure functions of what was planned, but for asking the bench to plan. Knows no system.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.controller.bench import Bench, Planned
from benchmarks.controller.score import OURS, Score
from benchmarks.controller.sets import Case
from orchestrator.evaluation.metrics import Estimate, auroc, calibration_error, estimate, set_f1
from orchestrator.evaluation.plans import PlannedCase, arguments_right, experts_of, is_exact, of_columns, pairs_of

Result = tuple[Case, PlannedCase]
Measure = Callable[[Result], float]
MIN_CALIBRATED = 1000  # cases; with fewer the error says more about the bins than about the confidence


# -- one case ----------------------------------------------------------------------------------------------------------


def node_f1(result: Result) -> float:
    """F1 of the sets of experts."""
    return set_f1(experts_of(result[1].nodes), result[0].experts)


def link_f1(result: Result) -> float:
    """F1 of the sets of links; 1 where there are none and none is planned."""
    return set_f1(pairs_of(result[1].links), pairs_of(result[0].row.get("links", ())))


def is_first_right(result: Result) -> float:
    """Whether the first planned expert is the right one."""
    planned = experts_of(result[1].nodes)
    return float(planned[:1] == list(result[0].experts[:1]))


def are_experts_right(result: Result) -> float:
    """Whether exactly the right experts are planned."""
    return float(set(experts_of(result[1].nodes)) == set(result[0].experts))


def are_arguments_right(result: Result) -> float:
    """Whether all calls and all their arguments are right, and none besides."""
    return float(arguments_right(result[1].nodes, result[0].row["nodes"]))


# -- many cases --------------------------------------------------------------------------------------------------------


def means(
    row: str, measure: str, planned: Planned, of: Measure, is_counted: Callable[[Case], bool] = lambda case: True
) -> list[Score]:
    """The mean of a measure over the cases that count, for every system."""
    scores = []
    for system, results in planned.results.items():
        parts = {part: [of(result) for result in found if is_counted(result[0])] for part, found in results.items()}
        samples = tuple(itertools.chain.from_iterable(parts.values()))
        scores.append(_score(row, system, measure, estimate(samples), planned, parts, samples))
    return scores + _not_run(row, measure, planned)


def aurocs(row: str, measure: str, planned: Planned, is_true: Callable[[Case], bool]) -> list[Score]:
    """How well confidence tells the cases that are true from the others, for every system."""
    import numpy

    scores = []
    for system, results in planned.results.items():
        pairs = [(plan.confidence, float(is_true(case))) for found in results.values() for case, plan in found]
        table = numpy.asarray(pairs, dtype=numpy.float64).reshape(-1, 2)  # (N, 2)
        found_estimate = estimate(table, of_columns(auroc))
        scores.append(_score(row, system, measure, found_estimate, planned))
    return scores + _not_run(row, measure, planned)


def _score(
    row: str,
    system: str,
    measure: str,
    value: Estimate,
    planned: Planned,
    parts: Mapping[str, Sequence[float]] | None = None,
    raw: tuple[float, ...] = (),
) -> Score:
    of_parts = {part: sum(values) / len(values) for part, values in (parts or {}).items() if part and values}
    note = planned.note if system == OURS else ""
    return Score(row=row, system=system, measure=measure, estimate=value, note=note, parts=of_parts, raw=raw)


def _not_run(row: str, measure: str, planned: Planned) -> list[Score]:
    return [
        Score(row=row, system=system, measure=measure, estimate=None, note=reason)
        for system, reason in planned.skipped.items()
    ]


def merged(several: Sequence[Planned]) -> Planned:
    """Experiments as one; a part's cases stand together."""
    results: dict[str, dict[str, list[Result]]] = {}
    for planned in several:
        for system, found in planned.results.items():
            for part, cases in found.items():
                results.setdefault(system, {}).setdefault(part, []).extend(cases)
    return Planned(results, several[0].skipped, several[0].note)


# -- rows --------------------------------------------------------------------------------------------------------------


def plans(bench: Bench, row: str) -> list[Score]:
    """Node and link F1 of a set with chains."""
    planned = bench.planned(row)
    return means(row, "node F1", planned, node_f1) + means(row, "link F1", planned, link_f1)


def held_back(bench: Bench, row: str) -> list[Score]:
    """The shipped weights on requests that their training held back; their experts and plans it knows."""
    scores: list[Score] = []
    for name, measures in (
        ("ultratool", {"node F1": node_f1, "link F1": link_f1}),
        ("toole", {"top-1": is_first_right}),
        ("bfcl", {"top-1": is_first_right}),
    ):
        planned = bench.planned(f"held-back/{name}")
        for measure, of in measures.items():
            scores += means(row, f"{measure}, {name}", planned, of)
    return scores


def toole_unseen(bench: Bench, row: str) -> list[Score]:
    """The first planned expert among all cards, over cases and over experts (whose labels overlap)."""
    planned = bench.planned(row)
    return means(row, "top-1", planned, is_first_right) + _macro(row, planned)


def _macro(row: str, planned: Planned) -> list[Score]:
    scores = []
    for system, results in planned.results.items():
        by_expert: dict[tuple[str, str], list[float]] = {}
        for part, found in results.items():
            for result in found:
                by_expert.setdefault((part, result[0].experts[0]), []).append(is_first_right(result))
        shares = tuple(sum(values) / len(values) for values in by_expert.values())
        scores.append(_score(row, system, "top-1, mean of experts", estimate(shares), planned, raw=shares))
    return scores + _not_run(row, "top-1, mean of experts", planned)


def toole_multi(bench: Bench, row: str) -> list[Score]:
    """Requests for two experts; a third one beside them counts as wrong."""
    planned = bench.planned(row)
    return means(row, "both found", planned, are_experts_right) + means(row, "node F1", planned, node_f1)


def clinc(bench: Bench, row: str) -> list[Score]:
    """Intents by the examples on their cards, and what fits none."""
    planned = bench.planned(row)
    right = means(row, "accuracy", planned, is_first_right, lambda case: bool(case.experts))
    return right + aurocs(row, "out-of-scope AUROC", planned, lambda case: bool(case.experts))


def right_function(group: str, bench: Bench, row: str) -> list[Score]:
    """The right function among the few of the case; errors are counted where the goal counts them."""
    planned = bench.planned(f"bfcl/{group}")
    found = means(row, "right function", planned, are_experts_right)
    return found + ([_errors(score) for score in found] if group == "multiple" else [])


def _errors(score: Score) -> Score:
    """The same as a number of cases."""
    counted = None
    if (known := score.estimate) is not None:
        num = known.num_samples
        low, value, high = ((1 - share) * num for share in (known.high, known.value, known.low))
        counted = Estimate(value=round(value, 6), low=round(low, 6), high=round(high, 6), num_samples=num)
    return score.model_copy(update={"measure": "errors", "estimate": counted, "parts": {}, "raw": ()})


def live_irrelevance(bench: Bench, row: str) -> list[Score]:
    """Does confidence tell the requests that no function serves from those that one does?"""
    planned = merged([bench.planned(f"bfcl/{group}") for group in ("live_irrelevance", "live_simple", "live_multiple")])
    return aurocs(row, "declining AUROC", planned, lambda case: bool(case.experts))


def arguments(group: str, bench: Bench, row: str) -> list[Score]:
    """All calls and arguments right; the peers fill none."""
    planned = bench.planned(f"bfcl/{group}")
    others = {system: "fills no arguments" for system in planned.results if system != OURS}
    ours = {system: found for system, found in planned.results.items() if system == OURS}
    only_ours = Planned(ours, {**planned.skipped, **others}, planned.note)
    return means(row, "arguments right", only_ours, are_arguments_right)


CALIBRATED = ("ultratool-left-out", "ultratool-unseen-plans", "ultratool-random", "toole-unseen", "clinc")


def calibration(bench: Bench, row: str) -> list[Score]:
    """How far the confidence lies from the share of right plans, ten bins of equal mass, on every large set."""
    return [score for name in CALIBRATED if not bench.sets.lacks(name) for score in _calibration(bench, row, name)]


def _calibration(bench: Bench, row: str, name: str) -> Iterable[Score]:
    import numpy

    planned = bench.planned(name)
    measure = f"calibration error, {name}"
    for system, results in planned.results.items():
        if system != OURS:
            continue
        pairs = [(plan.confidence, is_exact(plan, case.row)) for found in results.values() for case, plan in found]
        if len(pairs) < MIN_CALIBRATED:
            reason = f"not run: {len(pairs)} cases, fewer than {MIN_CALIBRATED:,}"
            yield Score(row=row, system=system, measure=measure, estimate=None, note=reason)
            continue
        table = numpy.asarray(pairs, dtype=numpy.float64)  # (N, 2)
        value = estimate(table, of_columns(calibration_error))
        yield _score(row, system, measure, value, planned)
    yield from (score for score in _not_run(row, measure, planned) if score.system == OURS)


def twins(bench: Bench, row: str) -> list[Score]:
    """The same requests in English and Chinese, and what Chinese costs, request by request."""
    planned = {language: bench.planned(f"twins-{language}") for language in ("en", "zh")}
    scores = []
    for name, of, is_counted in (
        ("node F1", node_f1, lambda case: True),
        ("link F1", link_f1, lambda case: True),
        ("link F1, cases with links", link_f1, lambda case: bool(case.row["links"])),
    ):
        for language, found in planned.items():
            scores += means(row, f"{name}, {language}", found, of, is_counted)
        scores += _drops(row, f"drop of {name}", planned, of, is_counted)
    return scores


def _drops(
    row: str, measure: str, planned: Mapping[str, Planned], of: Measure, is_counted: Callable[[Case], bool]
) -> list[Score]:
    scores = []
    for system in planned["en"].results:
        by_id = {
            language: {
                plan.id: of((case, plan))
                for cases in found.results[system].values()
                for case, plan in cases
                if is_counted(case)
            }
            for language, found in planned.items()
        }
        drops = tuple(by_id["en"][id] - by_id["zh"][id] for id in by_id["en"] if id in by_id["zh"])
        scores.append(_score(row, system, measure, estimate(drops), planned["en"], raw=drops))
    return scores


QUALITY: Mapping[str, tuple[tuple[str, ...], Callable[[Bench, str], list[Score]]]] = {
    "ultratool-left-out": (("ultratool",), plans),
    "ultratool-unseen-plans": (("ultratool",), plans),
    "ultratool-random": (("ultratool",), plans),
    "held-back": (("held-back",), held_back),
    "toole-unseen": (("toole",), toole_unseen),
    "toole-multi": (("toole-multi",), toole_multi),
    "clinc": (("clinc",), clinc),
    "bfcl-multiple": (("bfcl",), functools.partial(right_function, "multiple")),
    "bfcl-live-multiple": (("bfcl",), functools.partial(right_function, "live_multiple")),
    "bfcl-live-irrelevance": (("bfcl",), live_irrelevance),
    "bfcl-simple-python": (("bfcl",), functools.partial(arguments, "simple_python")),
    "bfcl-parallel-multiple": (("bfcl",), functools.partial(arguments, "parallel_multiple")),
    "calibration": ((), calibration),
    "twins": (("twins-en", "twins-zh"), twins),
}
