"""The controller's table on a few invented rows: every row is measured, held-out weights alone where they must be."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.controller.__main__ import document, line, table
from benchmarks.controller.heldout import declare, existing, folder_of
from benchmarks.controller.quality import QUALITY
from benchmarks.controller.score import OURS, Score, goals
from benchmarks.controller.sets import Sets
from benchmarks.controller.splits import holdout
from benchmarks.controller.timing import among, within
from orchestrator.evaluation.metrics import Estimate, estimate

NAMES = ("weather", "recipes", "translate", "alarm", "music", "maps")
SAID = {
    "weather": "Will it rain in Rome tomorrow?",
    "recipes": "How do I cook a mushroom risotto?",
    "translate": "Translate this letter to Dutch",
    "alarm": "Wake me at seven",
    "music": "Play some jazz",
    "maps": "How far is it to the station?",
}


def card(name: str, examples: list[str]) -> dict[str, Any]:
    port = {"name": "text", "kind": "text", "description": "the text", "required": True}
    output = {"name": "result", "kind": "text"}
    return {"name": name, "description": f"About {name}", "inputs": [port], "outputs": [output], "examples": examples}


def case(id: str, request: str, names: list[str], **more: Any) -> dict[str, Any]:
    links = [{"source": a, "target": b} for a, b in itertools.pairwise(names)]
    return {"id": id, "request": request, "nodes": [{"expert": name} for name in names], "links": links, **more}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    for name in ("toole", "ultratool"):
        write(folder / name / "cards.jsonl", [card(expert, []) for expert in NAMES])
    write(folder / "toole" / "cases.jsonl", [case(f"t{n}", SAID[n], [n]) for n in NAMES])
    chains = [case(f"u{a}", f"{SAID[a]} And then: {SAID[b]}", [a, b]) for a, b in itertools.pairwise(NAMES)]
    write(folder / "ultratool" / "cases.jsonl", chains)
    write(folder / "toole" / "multi.jsonl", chains[:2])
    write(folder / "clinc150" / "cards.jsonl", [card(name, [SAID[name]]) for name in NAMES])
    asked = [case(f"c{n}", f"Please, {SAID[n]}", [n]) for n in NAMES]
    on_a_card = case("on-a-card", SAID["music"], ["music"])
    write(folder / "clinc150" / "cases.jsonl", [*asked, on_a_card, case("none", "Who painted this ceiling?", [])])
    own = [card(name, []) for name in NAMES[:3]]
    groups = ("multiple", "live_multiple", "live_simple", "live_irrelevance", "simple_python", "parallel_multiple")
    rows = [
        case(f"{group}-{number}-{n}", SAID[n], [] if group == "live_irrelevance" else [n], group=group, cards=own)
        for group in groups
        for n in NAMES[:3]
        for number in range(4)
    ]
    write(folder / "bfcl" / "cases.jsonl", rows)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights at random for one fold, which say that they never saw it."""
    import torch

    from orchestrator.controller.planner.configuration import PlannerConfig
    from orchestrator.controller.planner.modeling import Planner
    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.planner.weights import save_planner

    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    model = Planner(PlannerConfig(num_layers=1, feed_forward_width=128, max_steps=4))
    for name in ("random-1", "no-ultratool"):
        save_planner(folder_of(folder, name), Reader(["天", "气"]), model, {})
        declare(folder_of(folder, name), holdout(name, NAMES))
    return folder


def test_every_row_that_held_out_weights_may_score_is_measured(
    data: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in QUALITY if row.startswith(("ultratool-left", "ultratool-random", "toole-unseen", "bfcl"))]
    scores = table(Sets(data), weights, rows)
    ours = {(score.row, score.measure): score for score in scores if score.system == OURS}
    assert {row for row, _ in ours} == set(rows)
    assert ours["ultratool-random", "node F1"].note == "1 of 5 folds"
    assert ours["toole-unseen", "top-1"].note == "1 of 3 seeds"
    peers = {score.system for score in scores if score.row == "ultratool-random"}
    assert peers == {OURS, "MiniLM similarity", "nearest training plan"}
    assert {(s.row, s.measure) for s in scores if s.system == "MiniLM similarity"} == set(ours)
    assert [score.measure for score in ours.values() if score.estimate is None] == []
    assert ours["bfcl-live-irrelevance", "declining AUROC"].parts == {}
    sizes = {s.estimate.num_samples for s in scores if s.row == "ultratool-left-out" and s.estimate is not None}
    assert sizes == {5}
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1 + len(scores)
    again = json.loads(json.dumps(document(scores, None)))
    assert [row["row"] for row in again["rows"]] == [score.row for score in scores]


def test_weights_of_another_split_are_not_scored(data: Path, weights: Path) -> None:
    assert existing(weights, ("random-1",), NAMES) == folder_of(weights, "random-1")
    assert existing(weights, ("random-2", "random-1"), NAMES) == folder_of(weights, "random-1")
    assert existing(weights, ("random-1",), NAMES[::-1]) is None
    scores = table(Sets(data), weights, ["ultratool-unseen-plans"])
    reasons = {score.note for score in scores if score.system == OURS}
    assert reasons == {"not run: no weights that never saw these cases (--train plans-1)"}
    assert [s for s in scores if s.system == "nearest training plan" and s.estimate is None] == []


def test_what_stands_on_a_card_is_no_case_of_clinc(data: Path) -> None:
    (part,) = Sets(data).experiment("clinc").parts
    assert [case.row["id"] for case in part.cases] == [*(f"c{name}" for name in NAMES), "none"]


def test_a_missing_set_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (score,) = table(Sets(tmp_path), tmp_path, ["clinc"])
    assert score.note == f"not run: {tmp_path / 'clinc150' / 'cards.jsonl'} is missing"


def test_a_limit_draws_the_same_cases_again(data: Path) -> None:
    def drawn() -> list[str]:
        return [case.row["id"] for case in Sets(data, 2).experiment("ultratool-left-out").parts[0].cases]

    assert len(drawn()) == 2
    assert drawn() == drawn()


def test_cards_for_timing_are_as_many_as_asked_for(data: Path) -> None:
    cases = Sets(data).cases("ultratool/cases.jsonl")
    few = within(cases, 3)
    assert [case.row["id"] for case in few] == ["uweather", "urecipes"]
    assert [card.name for card in few[0].cards] == ["weather", "recipes", "translate"]
    many = among(few, 50)[0].cards
    assert len({card.name for card in many}) == len(many) == 50


@pytest.mark.parametrize(
    ("row", "measure", "value", "mark"),
    [
        ("clinc", "accuracy", 0.93, "aim"),
        ("clinc", "accuracy", 0.87, "pass"),
        ("clinc", "accuracy", 0.8699, "below"),
        ("bfcl-multiple", "errors", 1.0, "pass"),
        ("bfcl-multiple", "errors", 2.0, "below"),
        ("calibration", "calibration error, clinc", 0.02, "aim"),
        ("latency", "p50 ms", 26.0, "below"),
        ("latency", "growth of p50, shortlist first", 1.2, "pass"),
    ],
)
def test_marks_say_where_a_value_stands(row: str, measure: str, value: float, mark: str) -> None:
    known = Estimate(value=value, low=value, high=value, num_samples=1)
    score = Score(row=row, system=OURS, measure=measure, estimate=known)
    assert f" {mark}" in line(score)
    assert [goal.mark(score) for goal in goals() if goal.fits(score)] == [mark]
    assert [goal.mark(score.model_copy(update={"is_noisy": True})) for goal in goals() if goal.fits(score)] == ["noisy"]
    assert [goal for goal in goals() if goal.fits(score.model_copy(update={"system": "a peer"}))] == []


def test_an_estimate_without_cases_has_no_mark() -> None:
    score = Score(row="clinc", system=OURS, measure="accuracy", estimate=estimate([]))
    assert [goal.mark(score) for goal in goals() if goal.fits(score)] == [""]
    (row,) = document([score], None)["rows"]
    assert json.loads(json.dumps(row, allow_nan=False))["estimate"] == {
        "value": None,
        "low": None,
        "high": None,
        "num_samples": 0,
    }


def test_similarity_plans_nothing_where_there_are_no_cards() -> None:
    from benchmarks.controller.sets import Case
    from benchmarks.controller.systems import Similarity, TextVectors

    plan = Similarity(TextVectors(), 1).plan(Case(case("1", "Will it rain?", []), ()))
    assert (plan.status, plan.nodes, plan.confidence) == ("abstained", (), 0.0)
