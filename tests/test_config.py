"""Settings: which source wins, and what is said about a bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import Settings, load_settings
from orchestrator.errors import ConfigError

# Each source sets everything of the sources that win over it, and one thing more.
ARGUMENTS = {"library": "from arguments"}
VARIABLES = {"BATON_LIBRARY": "from variables", "BATON_ENGINE__DEVICE": "cuda:0", "BATON_POLICY__ALLOW_NETWORK": "true"}
FILE = """
library = "from the file"
[engine]
device = "cpu"
cpu_slots = 7
[policy]
allow_network = false
[chat_model]
model = "openai:x"
"""


@pytest.fixture
def file(home: Path) -> Path:
    """A baton.toml in the working directory."""
    path = Path("baton.toml").resolve()
    path.write_text(FILE, encoding="utf-8")
    return path


def shown(settings: Settings) -> dict[str, Any]:
    return {
        "library": settings.library,
        "device": settings.engine.device,
        "network": settings.policy.allow_network,
        "slots": settings.engine.cpu_slots,
        "model": settings.chat_model.model,
        "size": settings.controller.shortlist_size,
    }


DEFAULTS = {"library": "default", "device": "auto", "network": False, "slots": 2, "model": None, "size": 48}
IN_FILE = {"library": "from the file", "device": "cpu", "slots": 7, "model": "openai:x"}
IN_VARIABLES = {"library": "from variables", "device": "cuda:0", "network": True}


@pytest.mark.parametrize(
    ("with_file", "with_variables", "arguments", "expected"),
    [
        (False, False, {}, DEFAULTS),
        (True, False, {}, {**DEFAULTS, **IN_FILE}),
        (False, True, {}, {**DEFAULTS, **IN_VARIABLES}),
        (False, False, ARGUMENTS, {**DEFAULTS, **ARGUMENTS}),
        (True, True, {}, {**DEFAULTS, **IN_FILE, **IN_VARIABLES}),
        (True, False, ARGUMENTS, {**DEFAULTS, **IN_FILE, **ARGUMENTS}),
        (False, True, ARGUMENTS, {**DEFAULTS, **IN_VARIABLES, **ARGUMENTS}),
        (True, True, ARGUMENTS, {**DEFAULTS, **IN_FILE, **IN_VARIABLES, **ARGUMENTS}),
    ],
)
def test_arguments_win_over_variables_over_the_file_over_defaults(
    with_file: bool,
    with_variables: bool,
    arguments: dict[str, Any],
    expected: dict[str, Any],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if with_file:
        Path("baton.toml").write_text(FILE, encoding="utf-8")
    if with_variables:
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
    assert shown(load_settings(**arguments)) == expected
    assert shown(load_settings("baton.toml" if with_file else None, **arguments)) == expected


def test_a_mapping_stands_for_a_file(file: Path) -> None:
    settings = load_settings({"engine": {"cpu_slots": 3}})
    assert (settings.engine.cpu_slots, settings.library) == (3, "default")


def test_all_state_lies_under_the_home(home: Path) -> None:
    settings = load_settings()
    assert (settings.home_path, settings.database_path, settings.artifacts_path) == (
        home,
        home / "baton.db",
        home / "artifacts",
    )
    assert (settings.experts_path, settings.vectors_path) == (home / "experts", home / "vectors")
    assert load_settings(home="~/elsewhere").home_path == Path.home() / "elsewhere"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("librari = 'x'", 1, "librari: Extra inputs are not permitted"),
        ("library = 'x'\n\n[engine]\ndevise = 'cpu'", 4, "engine.devise: Extra inputs are not permitted"),
        ("[enginn]\ndevice = 'cpu'", 1, "enginn: Extra inputs are not permitted"),
        ("[controller]\nname = 'compact'\n[engine]\nname = 'warp'", 4, "engine.name: Input should be 'local'"),
        (
            "[engine]\n# comment = 1\ncpu_slots = 0  # none",
            3,
            "engine.cpu_slots: Input should be greater than or equal",
        ),
        ("[budget]\ndeadline_s = 'soon'", 2, "budget.deadline_s: Input should be a valid number"),
        ("[experts]\ndeny = ['a', 3]", 2, "experts.deny.1: Input should be a valid string"),
        ("engine = 3", 1, "engine: Input should be a valid dictionary"),
        ("engine = {cpu_slots = 0}", 1, "engine.cpu_slots: Input should be greater than or equal"),
        ("engine.cpu_slots = 0", 1, "engine.cpu_slots: Input should be greater than or equal"),
        ("library = \n", None, "not valid TOML: Invalid value (at line 1, column 11)"),
        ("a = 1\na = 2\n", None, "not valid TOML: Cannot overwrite a value (at line 2"),
    ],
)
def test_a_bad_file_is_named_with_its_line(content: str, line: int | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    place = f"{path}:{line}" if line else str(path)
    assert caught.value.message.startswith(f"{place}: {message}")
    assert caught.value.remedy == "Correct the setting; docs/operating.md lists all of them."


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BATON_ENGINE__CPU_SLOTS", "0", "a BATON_ variable or an argument: engine.cpu_slots: Input should be"),
        ("BATON_ENGINE__DEVISE", "cpu", "a BATON_ variable or an argument: engine.devise: Extra inputs"),
        ("BATON_BUDGET__DEADLINE_S", "soon", "a BATON_ variable or an argument: budget.deadline_s: Input should be"),
        ("BATON_BUDGET", "soon", "BATON_BUDGET: a variable of this section is no valid JSON"),
        ("BATON_EXPERTS__DENY", "a,b", "BATON_EXPERTS: a variable of this section is no valid JSON"),
    ],
)
def test_a_bad_variable_is_not_blamed_on_the_file(
    variable: str, value: str, message: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.message.startswith(message)


def test_lists_in_variables_are_json(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_EXPERTS__DENY", '["a", "b"]')
    assert load_settings().experts.deny == ("a", "b")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "none.toml")
    assert caught.value.as_dict() == {
        "type": "ConfigError",
        "message": f"{tmp_path / 'none.toml'}: no such file",
        "remedy": "Name a baton.toml that exists.",
    }


def test_one_bad_file_does_not_reach_the_next_load(home: Path) -> None:
    with pytest.raises(ConfigError):
        load_settings({"librari": "x"})
    assert shown(load_settings()) == DEFAULTS
