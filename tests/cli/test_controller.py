"""`baton controller`: a tiny training from the command line, gone on with, shown, and used."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights after a schedule of seconds on synthetic requests alone."""
    from orchestrator.controller.training.sources import training_data
    from orchestrator.controller.training.train import Schedule, train_planner

    folder = tmp_path_factory.mktemp("weights")
    data = training_data(None, num_synthetic=120, seed=1)
    said: list[str] = []
    train_planner(data, folder, Schedule(1, 2, 120), progress=said.append)
    return folder, data, said


def test_a_run_goes_on_from_its_checkpoint(trained):
    from orchestrator.controller.training.train import Schedule, train_planner

    folder, data, _ = trained
    before = {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}
    train_planner(data, folder, Schedule(1, 2, 120), progress=str)
    assert {file.name: file.read_bytes() for file in folder.glob("*.safetensors")} == before


def test_weights_are_small_enough_and_load_as_transformers_models(trained):
    from orchestrator.controller.planner.pretrained import PlannerModel

    folder, _, _ = trained
    assert sum(file.stat().st_size for file in folder.glob("*.safetensors")) <= 25_000_000
    assert PlannerModel.from_pretrained(folder).config.max_steps == 12


def test_show_tells_what_the_weights_were_made_from(trained, baton_in_empty_home):
    folder, _, _ = trained
    called = baton_in_empty_home("controller", "show", folder, "--json")
    facts = called.json
    assert (called.status, facts["seed"], facts["schedule"]["plan_steps"]) == (0, 0, 2)
    assert set(facts["sets"]) == {"synthetic"}
    assert facts["num_bytes"] <= 25_000_000


def test_an_unknown_schedule_is_refused(tmp_path, baton_in_empty_home):
    called = baton_in_empty_home("controller", "train", "--out", tmp_path, "--schedule", "huge")
    assert called.status == 1
    assert "tiny" in called.err
