"""The splits of the controller's table: what is scored was never seen."""

from __future__ import annotations

import pytest

from benchmarks.controller.splits import (
    NAMES,
    NUM_FOLDS,
    TOOLE_SEEDS,
    fold_of,
    fold_of_plan,
    held_out_experts,
    holdout,
    toole_seed,
)
from orchestrator.errors import BadRequest

EXPERTS = [f"Expert{number}" for number in range(140)]
IDS = [f"case-{number}" for number in range(1000)]
PLANS = {id: (f"a{number % 37}", f"b{number % 11}") for number, id in enumerate(IDS)}
FOLDS = range(1, NUM_FOLDS + 1)


def seen(name: str, source: str) -> set[str]:
    held = holdout(name, EXPERTS)
    return {id for id in IDS if held.is_used(source, id, PLANS[id])}


def test_folds_cover_all_cases_once_and_are_of_like_size() -> None:
    folds = [{id for id in IDS if fold_of(id) == number} for number in FOLDS]
    assert set().union(*folds) == set(IDS)
    assert sum(map(len, folds)) == len(IDS)
    assert all(150 <= len(fold) <= 250 for fold in folds)


def test_a_case_keeps_its_fold_whatever_else_is_there() -> None:
    assert [fold_of(f"ultra-{number}") for number in (1355, 1307, 7)] == [4, 2, 3]
    assert fold_of_plan(("file_write", "file_modify")) == fold_of("file_write>file_modify")


@pytest.mark.parametrize("number", FOLDS)
def test_folds_by_plan_share_no_plan(number: int) -> None:
    used = seen(f"plans-{number}", "ultratool")
    unused = set(IDS) - used
    assert unused
    assert {PLANS[id] for id in used}.isdisjoint({PLANS[id] for id in unused})


def test_every_case_is_left_out_by_one_fold_of_each_kind() -> None:
    for kind, source in (("random", "ultratool"), ("plans", "ultratool"), ("random", "bfcl/multiple")):
        left_out = [set(IDS) - seen(f"{kind}-{number}", source) for number in FOLDS]
        assert sorted(id for fold in left_out for id in fold) == sorted(IDS), (kind, source)


@pytest.mark.parametrize("name", NAMES)
def test_held_out_experts_are_in_no_used_case(name: str) -> None:
    held = holdout(name, EXPERTS)
    used = [expert for expert in EXPERTS if held.is_used("toole", "toole-1", [expert])]
    assert held.experts == held_out_experts(EXPERTS, toole_seed(held.number))
    assert set(used) == set(EXPERTS) - held.experts
    assert len(held.experts) == 30
    assert not held.is_used("toole", "toole-2", [used[0], min(held.experts)])


def test_the_seeds_hold_different_experts_out_and_few_experts_leave_half() -> None:
    assert len({held_out_experts(EXPERTS, seed) for seed in TOOLE_SEEDS}) == len(TOOLE_SEEDS)
    assert len(held_out_experts(["a", "b", "c", "d", "e"], 1)) == 2


def test_a_set_that_is_left_out_is_not_seen_at_all_and_what_is_invented_always_is() -> None:
    held = holdout("no-ultratool", EXPERTS)
    assert held.without == {"ultratool"}
    assert seen("no-ultratool", "ultratool") == set()
    for name in NAMES:
        assert seen(name, "synthetic/zh") == set(IDS)


def test_the_digest_tells_splits_apart() -> None:
    digests = {holdout(name, EXPERTS).digest for name in NAMES}
    assert len(digests) == len(NAMES)
    assert holdout("random-1", EXPERTS).digest == holdout("random-1", list(EXPERTS)).digest
    assert holdout("random-1", EXPERTS[::-1]).digest != holdout("random-1", EXPERTS).digest


def test_an_unknown_split_is_refused_with_the_names() -> None:
    with pytest.raises(BadRequest, match=r"random-1, random-2"):
        holdout("random-6", EXPERTS)
