"""Which experts there are: three doors in order of precedence, broken plugins, lists, and experts kept in the home.

The plugins are real distributions: folders with the metadata that pip writes, put on the path.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.config import load_settings
from orchestrator.errors import BadRequest, InvalidExpert, NotAdmitted, RegistryError, UnknownExpert
from orchestrator.expert import Expert, expert
from orchestrator.registry.card_index import CardIndex
from orchestrator.registry.registry import Registry
from orchestrator.registry.stored import FILE_NAME, StoredExpert
from orchestrator.types import ExpertCard, Policy, Port, Request

MakePlugin = Callable[..., None]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePlugin]:
    """Installs a distribution: a module and its entry points, found as those of a pip package are."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    names: list[str] = []

    def install(name: str, code: str, group: str = "baton.experts", value: str = "") -> None:
        names.append(name)
        (site / f"{name}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value or name}\n" if "[" not in value else value)

    yield install
    for name in names:
        sys.modules.pop(name, None)


def registry_of(home: Path, **experts: Any) -> Registry:
    return Registry(load_settings({"experts": experts} if experts else {}, home=home))


def origins(registry: Registry) -> dict[str, str]:
    """Where the experts come from that did not come with Baton."""
    return {entry.card.name: entry.origin for entry in registry.entries if entry.origin != "built-in"}


def problems(registry: Registry) -> list[tuple[str, str]]:
    return [(problem.origin, problem.error) for problem in registry.problems]


def defines(name: str, says: str = "x") -> str:
    """The code of a module with one expert."""
    head = f'from orchestrator import expert\n\n@expert("{name}")\ndef made(text: str) -> str:\n'
    return f'{head}    """{says}"""\n    return "{says}"\n'


@expert("sorter")
def sorter(text: str) -> str:
    """Sorts."""
    return "".join(sorted(text))


# -- doors -------------------------------------------------------------------------------------------------------------


def test_experts_come_through_three_doors(home: Path, plugin: MakePlugin) -> None:
    plugin("far", defines("from_package"))
    (home / "experts").mkdir()
    (home / "experts" / "near.py").write_text(defines("from_file"))
    registry = registry_of(home).discover()
    assert problems(registry) == []
    assert origins(registry) == {
        "from_file": f"file {home / 'experts' / 'near.py'}",
        "from_package": "package far",
    }
    built_in = [entry.card.name for entry in registry.entries if entry.origin == "built-in"]
    assert len(built_in) >= 10
    assert [entry.card.name for entry in registry.entries] == [*built_in, "from_file", "from_package"]
    assert registry.expert("from_package").predict([{"text": "a"}])[0].outputs["result"].value == "x"  # type: ignore[union-attr]


def test_a_card_that_is_only_called_like_an_embedded_one_is_not(home: Path) -> None:
    registry = registry_of(home).discover()
    own = registry.entries[0].card
    assert registry.is_embedded(own)
    assert not registry.is_embedded(own.model_copy(update={"description": "does something else"}))
    assert not registry.is_embedded(own.model_copy(update={"name": "nobody"}))


def test_of_one_name_the_first_door_wins_and_the_others_are_reported(home: Path, plugin: MakePlugin) -> None:
    taken = registry_of(home).discover().entries[0].card.name
    plugin("pack", defines("shared", "package") + defines(taken, "package").replace("def made", "def other"))
    (home / "experts").mkdir()
    (home / "experts" / "one.py").write_text(defines("shared", "file"))
    (home / "experts" / "two.py").write_text(defines(taken, "file"))
    registry = registry_of(home).discover()
    one, two = home / "experts" / "one.py", home / "experts" / "two.py"
    assert origins(registry) == {"shared": f"file {one}"}
    assert registry.card("shared").description == "file"
    assert problems(registry) == [
        (f"file {two}: {taken}", f"the name {taken!r} is taken by an expert from built-in"),
        ("package pack: shared", f"the name 'shared' is taken by an expert from file {one}"),
        (f"package pack: {taken}", f"the name {taken!r} is taken by an expert from built-in"),
    ]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise RuntimeError('broken inside')", "RuntimeError: broken inside"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("def (", "SyntaxError: invalid syntax"),
        ("value = 3", "expert 'bad' declares no expert; wanted is a module with @expert functions or classes"),
        (
            "from orchestrator import expert\n\n@expert()\ndef f(x: object) -> str:\n    return ''\n",
            "expert 'f' declares x: <class 'object'>; wanted is one of Text",
        ),
    ],
)
def test_a_broken_plugin_is_reported_and_the_others_work(code: str, error: str, home: Path, plugin: MakePlugin) -> None:
    plugin("bad", code)
    plugin("good", defines("good_one"))
    (home / "experts").mkdir()
    (home / "experts" / "worse.py").write_text("raise SystemExit('no')")
    registry = registry_of(home).discover()
    assert origins(registry) == {"good_one": "package good"}
    (worse, bad) = problems(registry)
    assert worse == (str(home / "experts" / "worse.py"), "SystemExit: no")
    assert bad[0] == "package bad: bad"
    assert bad[1].startswith(error)


def test_an_entry_point_that_is_no_expert_is_reported(home: Path, plugin: MakePlugin) -> None:
    plugin("odd", "thing = 3\n", value="odd:thing")
    plugin("lost", "thing = 3\n", value="lost:other")
    registry = registry_of(home).discover()
    assert origins(registry) == {}
    assert [origin for origin, _ in problems(registry)] == ["package lost: lost:other", "package odd: odd:thing"]


# -- adding ------------------------------------------------------------------------------------------------------------


def test_an_added_expert_is_there_at_once(home: Path) -> None:
    registry = registry_of(home)
    registry.add(sorter)
    registry.add(sorter)  # the same again is no mistake
    assert registry.expert("sorter") is sorter
    assert registry.cards == (sorter.card,)
    assert origins(registry) == {"sorter": "python"}


def test_a_taken_name_is_refused(home: Path, slow_expert: Callable[..., Expert]) -> None:
    registry = registry_of(home)
    registry.add(sorter)
    with pytest.raises(RegistryError) as caught:
        registry.add(slow_expert("sorter", 0))
    assert caught.value.as_dict() == {
        "type": "RegistryError",
        "message": "the name 'sorter' is taken by an expert from python",
        "remedy": "Give one of the two another name.",
    }


class NoOutput:
    card = ExpertCard(name="mute")

    def load(self, device: str) -> None: ...

    def predict(self, batch: Any) -> list[Any]:
        return []

    def unload(self) -> None: ...


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (len, "declares a builtin_function_or_method; wanted is card, load(), predict() and unload()"),
        (NoOutput(), "expert 'mute' declares no output port; wanted is one output port or more"),
    ],
)
def test_what_is_no_expert_is_refused(value: Any, message: str, home: Path) -> None:
    with pytest.raises(InvalidExpert) as caught:
        registry_of(home).add(value)
    assert message in caught.value.message


def test_an_unknown_name_names_the_nearest_three(home: Path, slow_expert: Callable[..., Expert]) -> None:
    registry = registry_of(home)
    for name in ("summarize", "summary_zh", "summit", "sum_column", "translate"):
        registry.add(slow_expert(name, 0))
    with pytest.raises(UnknownExpert) as caught:
        registry.expert("summarise")
    assert caught.value.nearest == ("summarize", "summit", "summary_zh")
    with pytest.raises(UnknownExpert, match="no expert is called 'summarise'"):
        registry.card("summarise")


@pytest.mark.parametrize(
    ("lists", "loaded"),
    [
        ({}, ["from_file", "from_package"]),
        ({"allow": ["from_file"]}, ["from_file"]),
        ({"allow": []}, []),
        ({"deny": ["from_file"]}, ["from_package"]),
        ({"allow": ["from_file", "from_package"], "deny": ["from_package"]}, ["from_file"]),
    ],
)
def test_only_what_the_lists_admit_loads(
    lists: dict[str, list[str]], loaded: list[str], home: Path, plugin: MakePlugin
) -> None:
    plugin("far", defines("from_package"))
    (home / "experts").mkdir()
    (home / "experts" / "near.py").write_text(defines("from_file"))
    registry = registry_of(home, **lists).discover()
    assert list(origins(registry)) == loaded
    if "allow" in lists:
        assert [card.name for card in registry.cards] == loaded
    refused = {"from_file", "from_package"} - set(loaded)
    noted = {error for _, error in problems(registry)}
    for name in refused:
        assert f"expert {name!r} is not on the list experts.allow, or stands on experts.deny" in noted
        with pytest.raises(UnknownExpert):
            registry.expert(name)


# -- experts that lie in the home --------------------------------------------------------------------------------------

TOY = """
from pathlib import Path
from orchestrator.errors import BadRequest, TrainingDataError
from orchestrator.expert import expert
from orchestrator.registry.stored import StoredExpert
from orchestrator.types import ExpertCard, Port


def card(name, description):
    text = (Port(name="text", kind="text"),)
    return ExpertCard(name=name, description=description or "A toy.", inputs=text, outputs=text)


def describe(rest, *, name, description, examples, settings):
    source = Path(rest)
    if not source.exists():
        raise BadRequest("path", rest, "a path that exists")
    return StoredExpert(loader="toy", card=card(name or source.stem, description)), source


def train(data, *, name, folder, description, encoder, seed, progress):
    (folder / "weights").write_text("half")
    if data.name == "bad":
        raise TrainingDataError("one class only")
    if data.name == "hang":
        print("training", flush=True)
        import time; time.sleep(60)
    progress("done")
    return StoredExpert(loader="toy", card=card(name, description), options={"seed": seed})


class Toy:
    def __init__(self, stored):
        self.card = stored.card
    def load(self, device): ...
    def predict(self, batch): return []
    def unload(self): ...


def load(folder, stored):
    if stored.card.description == "breaks":
        raise RuntimeError("does not load")
    return Toy(stored)
"""

TOY_POINTS = (
    "[baton.sources]\ntoy = toy:describe\n[baton.loaders]\ntoy = toy:load\n[baton.trainers]\ntoy-task = toy:train\n"
)


@pytest.fixture
def toy(plugin: MakePlugin, tmp_path: Path) -> Path:
    """A plugin that brings a source, a loader and a trainer; gives a file that it can add."""
    plugin("toy", TOY, value=TOY_POINTS)
    source = tmp_path / "bear.model"
    source.write_text("weights")
    return source


def in_home(home: Path) -> list[str]:
    folder = home / "experts"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


def test_a_stored_expert_is_there_now_and_after_a_restart(home: Path, toy: Path) -> None:
    registry = registry_of(home)
    card = registry.store(f"toy:{toy}", description="A bear.")
    assert (card.name, card.description) == ("bear", "A bear.")
    assert in_home(home) == ["bear/bear.model", "bear/expert.json"]
    assert origins(registry) == {"bear": f"file {home / 'experts' / 'bear'}"}
    again = registry_of(home).discover()
    assert (again.card("bear"), origins(again)) == (card, origins(registry))
    again.remove("bear")
    assert (in_home(home), origins(again)) == ([], {})
    assert origins(registry_of(home).discover()) == {}


def test_a_trained_expert_is_there_now_and_after_a_restart(home: Path, toy: Path) -> None:
    notes: list[str] = []
    card = registry_of(home).train("toy-task", toy, name="tr", seed=3, progress=notes.append)
    assert (card.name, notes, in_home(home)) == ("tr", ["done"], ["tr/expert.json", "tr/weights"])
    assert StoredExpert.read(home / "experts" / "tr").options == {"seed": 3}
    assert registry_of(home).discover().card("tr") == card


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda r, t: r.store("ftp:x"), BadRequest, "the scheme of the locator is 'ftp', but must be one of path, toy"),
        (lambda r, t: r.store("toy:/nowhere"), BadRequest, "path is '/nowhere'"),
        (lambda r, t: r.store(f"toy:{t}", name="sorter"), RegistryError, "the name 'sorter' is taken"),
        (lambda r, t: r.store(f"toy:{t}", description="breaks"), RuntimeError, "does not load"),
        (lambda r, t: r.train("no-task", t, name="x"), BadRequest, "the task is 'no-task', but must be one of audio-"),
        (lambda r, t: r.train("toy-task", t, name="sorter"), RegistryError, "the name 'sorter' is taken"),
        (lambda r, t: r.train("toy-task", t.parent / "bad", name="x"), RegistryError, "one class only"),
        (lambda r, t: r.train("toy-task", t, name="x", description="breaks"), RuntimeError, "does not load"),
        (lambda r, t: r.remove("bear"), UnknownExpert, "no expert is called 'bear'"),
        (
            lambda r, t: r.remove("sorter"),
            NotAdmitted,
            "expert 'sorter' comes from python; only what was added or trained can be removed",
        ),
    ],
)
def test_what_goes_wrong_is_named_and_leaves_nothing_behind(
    act: Any, error: type[Exception], message: str, home: Path, toy: Path
) -> None:
    registry = registry_of(home)
    registry.add(sorter)
    with pytest.raises(error) as caught:
        act(registry, toy)
    assert str(caught.value).startswith(message)
    assert in_home(home) == []
    assert origins(registry) == {"sorter": "python"}


@pytest.mark.parametrize("name", ["..", ".", "", "../up", "a/b", "/etc", "two words", "1st", ".hidden"])
def test_a_name_never_leaves_the_folder_of_experts(name: str, home: Path, toy: Path) -> None:
    (home / "precious").write_text("kept")
    (home / "experts").mkdir()
    with pytest.raises(BadRequest, match="name is "):
        registry_of(home).train("toy-task", toy, name=name)
    assert (home / "precious").read_text() == "kept"


def test_a_refused_name_is_not_trained_over(home: Path, toy: Path) -> None:
    registry_of(home).train("toy-task", toy, name="tr")
    denied = registry_of(home, deny=["tr"]).discover()
    with pytest.raises(RegistryError, match="holds an expert that is not loaded"):
        denied.train("toy-task", toy, name="tr")
    assert in_home(home) == ["tr/expert.json", "tr/weights"]


def test_a_killed_training_leaves_a_folder_that_does_no_harm(home: Path, toy: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from orchestrator.config import load_settings; from orchestrator.registry.registry import Registry\n"
        "Registry(load_settings({})).train('toy-task', Path('hang'), name='tr')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(toy.parent / "site")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "training\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert in_home(home) == ["tr/weights"]
    registry = registry_of(home).discover()
    assert (origins(registry), problems(registry)) == ({}, [])
    registry.train("toy-task", toy, name="tr")
    assert in_home(home) == ["tr/expert.json", "tr/weights"]


def test_a_damaged_expert_json_is_reported(home: Path, toy: Path) -> None:
    registry_of(home).store(f"toy:{toy}")
    (home / "experts" / "bear" / FILE_NAME).write_text("{")
    registry = registry_of(home).discover()
    assert origins(registry) == {}
    ((origin, error),) = problems(registry)
    assert origin == str(home / "experts" / "bear")
    assert "wanted is a folder with a valid expert.json" in error


# -- shortlist ---------------------------------------------------------------------------------------------------------


class Letters:
    """An encoder whose vectors count letters: texts of like letters are alike."""

    name = "letters"
    width = 26

    def encode(self, texts: Any) -> Any:
        counts = np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)


def expert_of(name: str, **fields: Any) -> Expert:
    class Bare(NoOutput):
        card = ExpertCard(name=name, outputs=(Port(name="text", kind="text"),), **fields)

    return Bare()


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (Policy(), ["plain", "gpl", "unlicensed"]),
        (Policy(allow_network=True), ["plain", "remote", "gpl", "unlicensed"]),
        (Policy(allow_effects=("writes",)), ["plain", "writer", "gpl", "unlicensed"]),
        (Policy(allow_effects=("writes", "spends")), ["plain", "writer", "spender", "gpl", "unlicensed"]),
        (Policy(allow_licences=("MIT",)), ["plain"]),
        (Policy(allow_licences=()), []),
        (Policy(allow_licences=("MIT",), allow_network=True), ["plain", "remote"]),
    ],
)
def test_the_policy_decides_what_may_be_chosen(policy: Policy, names: list[str], home: Path) -> None:
    registry = registry_of(home)
    registry.add(expert_of("plain", licence="MIT"))
    registry.add(expert_of("remote", network=True, licence="MIT"))
    registry.add(expert_of("writer", effects="writes"))
    registry.add(expert_of("spender", effects="spends"))
    registry.add(expert_of("gpl", licence="GPL-3.0-or-later"))
    registry.add(expert_of("unlicensed"))
    shortlist = registry.shortlist(Request(text="anything", policy=policy))
    assert [card.name for card in shortlist.cards] == names


def test_a_long_list_is_cut_to_the_cards_most_like_the_request(home: Path) -> None:
    settings = load_settings({"controller": {"shortlist_size": 3}}, home=home)
    registry = Registry(settings, CardIndex(Letters))
    for letter in "abcdefgh":
        registry.add(expert_of(letter, description=letter * 9))
    registry.add(expert_of("remote", description="b" * 9, network=True))
    shortlist = registry.shortlist(Request(text="bbbb cc d"))
    assert [card.name for card in shortlist.cards] == ["b", "c", "d"]
    scores = [candidate.score for candidate in shortlist.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
