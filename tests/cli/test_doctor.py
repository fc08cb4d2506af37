"""baton doctor, and settings that are wrong."""

from __future__ import annotations

import pytest


def test_what_is_here_and_what_would_run_where(baton_in_empty_home, tmp_path, monkeypatch):
    report = baton_in_empty_home("doctor", "--json")
    assert report.status == 0
    facts = report.json
    assert facts["packages"]["torch"].startswith("2.")
    assert facts["devices"]["cpu"].endswith(" cores")
    assert facts["home"]["path"] == str(tmp_path / "home")
    assert facts["home"]["free bytes"] > 0
    assert facts["experts"]["library_search"] == "cpu"
    assert set(facts["experts"]) > {"text_recognition", "speech_synthesis"}
    assert facts["problems"] == {}
    assert "problems: none" in baton_in_empty_home("doctor").out.splitlines()


def test_a_broken_expert_is_reported_and_the_others_stay(baton_in_empty_home, tmp_path):
    folder = tmp_path / "home" / "experts"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text("import a_package_that_nobody_has\n")
    (folder / "quits.py").write_text("raise SystemExit('no')\n")
    (folder / "fine.py").write_text(
        "from orchestrator import Json, Text, expert\n\n\n"
        "@expert(examples=['How many exclamation marks does this text have?'])\n"
        "def exclamations(text: Text) -> Json:\n"
        '    """Counts the exclamation marks of a text."""\n'
        '    return {"num": text.text.count("!")}\n'
    )
    facts = baton_in_empty_home("doctor", "--json").json
    assert facts["problems"] == {
        str(folder / "broken.py"): "ModuleNotFoundError: No module named 'a_package_that_nobody_has'",
        str(folder / "quits.py"): "SystemExit: no",
    }
    assert facts["experts"]["exclamations"] == "cpu"
    listed = baton_in_empty_home("experts", "list")
    assert "not loaded: " in listed.err
    assert "exclamations" in listed.out
    answer = baton_in_empty_home("ask", "How many exclamation marks does “Stop! Now! Please!” have?")
    assert (answer.status, "num 3" in answer.out) == (0, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[engine]\ndevise = 'cpu'\n", "baton.toml:2: engine.devise: Extra inputs are not permitted"),
        ("[engine]\ndevice = 'fast'\n", "baton.toml:2: engine.device: "),
        ("[budget]\n\ndeadline_s = -1\n", "baton.toml:3: budget.deadline_s: "),
        ("[engine\n", "baton.toml: not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(baton_in_empty_home, tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "baton.toml").write_text(content)
    called = baton_in_empty_home("ask", "hello", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "ConfigError")
    assert message in called.json["error"]["message"]


def test_deny_and_allow_lists_take_experts_away(baton_in_empty_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "baton.toml").write_text('[experts]\nallow = ["sentiment", "summarize"]\ndeny = ["summarize"]\n')
    listed = baton_in_empty_home("experts", "list", "--json").json
    assert [entry["card"]["name"] for entry in listed["experts"]] == ["sentiment"]
    assert (
        baton_in_empty_home("plan", "Which region has the highest revenue?", "-f", tmp_path / "baton.toml").status == 4
    )
    assert baton_in_empty_home("ask", "Is “I hate this pump” positive or negative?").status == 0
