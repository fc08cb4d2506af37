"""The plugin package of the examples: pip installs it, and its expert answers without any change to Baton."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUESTIONS = ["How many kilometres are 5 miles?", "5英里是多少公里？", "Is “I love this pump” positive or negative?"]
_ASK = """
import json, sys
from orchestrator import Orchestrator
with Orchestrator({}, home=sys.argv[1]) as baton:
    answers = [baton.run(text) for text in json.loads(sys.argv[2])]
    print(json.dumps({
        "answers": [[answer.status, [step.expert for step in answer.steps], answer.text] for answer in answers],
        "citations": answers[0].model_dump(mode="json")["citations"],
        "origins": {entry.card.name: entry.origin for entry in baton.registry.entries},
        "problems": [problem.model_dump() for problem in baton.registry.problems],
    }))
"""
_BROKEN = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "baton-broken"
version = "0.1.0"

[project.entry-points."baton.experts"]
broken = "baton_broken"

[tool.setuptools]
py-modules = ["baton_broken"]
"""


def install(package: Path, target: Path) -> None:
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *options, "--target", str(target), str(package)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a fresh process, with the plugin and a broken one installed, answers."""
    folder = tmp_path_factory.mktemp("plugin")
    target = folder / "site"
    package = folder / "plugin"  # a copy: building leaves folders behind
    shutil.copytree(ROOT / "examples" / "plugin-unit-converter", package)
    install(package, target)
    broken = folder / "broken"
    broken.mkdir()
    (broken / "pyproject.toml").write_text(_BROKEN)
    (broken / "baton_broken.py").write_text("from orchestrator import a_name_that_is_not_there\n")
    install(broken, target)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(folder / "home"), json.dumps(QUESTIONS)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_its_expert_answers_in_english_and_chinese(told):
    english, chinese, _ = told["answers"]
    assert english[:2] == ["answered", ["convert_units"]]
    assert "8.04672 kilometres" in english[2]
    assert chinese[:2] == ["answered", ["convert_units"]]
    assert "8.04672 公里" in chinese[2]


def test_the_answer_credits_the_package(told):
    [citation] = told["citations"]
    assert (citation["kind"], citation["expert"], citation["licence"]) == ("expert", "convert_units", "Apache-2.0")
    assert told["origins"]["convert_units"] == "package baton-unit-converter"


def test_a_broken_plugin_beside_it_is_reported_and_skipped(told):
    [problem] = told["problems"]
    assert problem["origin"] == "package baton-broken: baton_broken"
    assert problem["error"].startswith("ImportError: cannot import name 'a_name_that_is_not_there'")


def test_the_other_experts_answer_as_before(told):
    status, experts, text = told["answers"][2]
    assert (status, experts) == ("answered", ["sentiment"])
    assert "positive" in text
