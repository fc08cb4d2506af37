"""baton experts: list, show, check, train, add, remove and new."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from orchestrator.registry.check import CheckReport
from orchestrator.types import Answer, ExpertCard

ROWS = {
    "greeting": ["hello there", "good morning all", "hi, how are you", "good evening", "hey you", "hello my friend"],
    "parting": ["goodbye for now", "see you later", "good night, sleep well", "bye bye", "farewell", "until next time"],
}


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "small-talk.csv"
    lines = [f'"{text}{" " + word},"{label}"' for label, texts in ROWS.items() for text in texts for word in ("", "ok")]
    lines = [f'"{text} {word}",{label}' for label, texts in ROWS.items() for text in texts for word in ("now", "sir")]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return path


def test_every_expert_is_listed_and_can_be_shown(baton_call):
    listed = baton_call("experts", "list", "--json").json
    assert listed["problems"] == []
    names = [ExpertCard.model_validate(entry["card"]).name for entry in listed["experts"]]
    assert {"text_recognition", "speech_recognition", "table_question", "summarize", "library_search"} <= set(names)
    lines = baton_call("experts", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == names
    card = ExpertCard.model_validate(baton_call("experts", "show", "library_search", "--json").json)
    assert card.task == "document-retrieval"
    assert baton_call("experts", "show", "sentiment").out.splitlines()[1] == "  takes text: text  "


def test_every_built_in_card_passes_its_check(baton_call):
    listed = baton_call("experts", "list", "--json").json["experts"]
    for name in [entry["card"]["name"] for entry in listed]:
        called = baton_call("experts", "check", name, "--json")
        report = CheckReport.model_validate(called.json)
        assert (called.status, report.expert, report.is_usable) == (0, name, True), report.findings


@pytest.mark.parametrize("command", ["show", "check", "remove"])
def test_an_unknown_expert_names_the_nearest(baton_call, command):
    called = baton_call("experts", command, "sentimnt", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "UnknownExpert")
    assert "the nearest are sentiment" in called.json["error"]["message"]


def test_what_is_built_in_stays(baton_call):
    called = baton_call("experts", "remove", "sentiment", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "NotAdmitted")


def test_train_use_and_remove(baton_in_empty_home, rows):
    baton = baton_in_empty_home
    train = ("experts", "train", "--task", "text-classification", "--data", rows)
    called = baton(*train, "--description", "Tells greetings from partings.", "--json")
    card = ExpertCard.model_validate(called.json)
    assert (called.status, card.name, card.description) == (0, "small_talk", "Tells greetings from partings.")
    assert "cross-validation" in called.err
    assert {metric.name for metric in card.metrics} >= {"accuracy"}
    again = baton(*train, "--json")
    assert (again.status, again.json["error"]["type"]) == (1, "RegistryError")
    assert "taken" in again.json["error"]["message"]
    asked = baton("ask", "Which kind of small talk is “good morning, sir”?", "--json")
    answer = Answer.model_validate(asked.json)
    assert [step.expert for step in answer.steps] == ["small_talk"]
    assert "greeting" in answer.text
    assert baton("experts", "remove", "small_talk", "--json").json == {"removed": "small_talk"}
    assert baton("experts", "show", "small_talk").status == 1


@pytest.mark.parametrize(
    ("task", "content", "type_"),
    [
        ("text-classification", "text,label\n" + "hello,one\nbye,one\n" * 20, "TrainingDataError"),
        ("text-classification", "text,label\nhello,a\nbye,b\n", "TrainingDataError"),
        ("mind-reading", "text,label\nhello,a\nbye,b\n", "BadRequest"),
    ],
)
def test_data_that_trains_nothing(baton_in_empty_home, tmp_path, task, content, type_):
    (tmp_path / "rows.csv").write_text(content)
    called = baton_in_empty_home("experts", "train", "--task", task, "--data", tmp_path / "rows.csv", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, type_)
    assert called.json["error"]["remedy"]


@pytest.mark.parametrize(
    ("locator", "message"),
    [("nonsense", "one of path"), ("path:/no/where", "a folder or a file that exists"), ("path:", "")],
)
def test_a_locator_that_leads_nowhere(baton_in_empty_home, locator, message):
    called = baton_in_empty_home("experts", "add", locator, "--json")
    assert called.status == 1
    assert message in called.json["error"]["message"]


def test_a_checkpoint_is_added_from_a_path(baton_in_empty_home, tmp_path):
    """A scikit-learn model in a skops file; the checkpoint of transformers is in tests/flow."""
    import skops.io
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = [text for group in ROWS.values() for text in group]
    labels = [label for label, group in ROWS.items() for _ in group]
    skops.io.dump(make_pipeline(TfidfVectorizer(), LogisticRegression(C=50)).fit(texts, labels), tmp_path / "m.skops")
    baton = baton_in_empty_home
    added = baton("experts", "add", f"path:{tmp_path / 'm.skops'}", "--name", "talk", "--example", "Greet or part?")
    assert added.status == 0
    assert "example: Greet or part?" in added.out
    (tmp_path / "m.skops").unlink()  # BATON_HOME holds its own copy
    answer = Answer.model_validate(baton("ask", "Greet or part: “hello my friend”", "--json").json)
    assert ([step.expert for step in answer.steps], answer.status) == (["talk"], "answered")
    assert "greeting" in answer.text


def test_a_new_package_passes_its_test_installs_and_answers(baton_in_empty_home, tmp_path):
    made = baton_in_empty_home("experts", "new", "word-meter", "--folder", tmp_path, "--json")
    package = tmp_path / "word-meter"
    assert (made.status, made.json) == (0, {"path": str(package)})
    twice = baton_in_empty_home("experts", "new", "word-meter", "--folder", tmp_path, "--json")
    assert (twice.status, twice.json["error"]["type"]) == (1, "BadRequest")
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(package)], check=True, capture_output=True, timeout=120)
    environment = {**os.environ, "PYTHONPATH": str(target), "BATON_HOME": str(tmp_path / "home")}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package / "tests")],
        check=True,
        env=environment,
        cwd=tmp_path,
        timeout=120,
    )
    command = [sys.executable, "-m", "orchestrator.cli", "ask", "How many words has “one two three four”?", "--json"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, timeout=120)
    answer = Answer.model_validate_json(done.stdout)
    assert ([step.expert for step in answer.steps], answer.status) == (["word_meter"], "answered"), answer
    assert "4" in answer.text


@pytest.mark.parametrize("name", ["my thing", "1st", "", "../up", "wörter"])
def test_a_package_needs_a_name_that_python_can_import(baton_in_empty_home, tmp_path, name):
    called = baton_in_empty_home("experts", "new", name, "--folder", tmp_path / "out", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "BadRequest")
    assert not (tmp_path / "out").exists()
