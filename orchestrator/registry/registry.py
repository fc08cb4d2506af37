"""Registry: the experts of this process, whichever door they came through. Knows no controller and no engine.

Order of precedence: built-in, local files (BATON_HOME/experts), installed packages. A plugin that fails to import is
reported in `problems` and skipped.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from orchestrator.config import Settings
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest, BatonError, InvalidExpert, NotAdmitted, RegistryError, UnknownExpert
from orchestrator.expert import Expert
from orchestrator.registry.card_index import CardIndex
from orchestrator.registry.shortlist import Scorer, shortlist
from orchestrator.registry.stored import FILE_NAME, StoredExpert
from orchestrator.types import ExpertCard, Request, Shortlist, Value

DISTRIBUTION = "baton-orchestrator"
EXPERTS_GROUP = "baton.experts"
LOADERS_GROUP = "baton.loaders"
SOURCES_GROUP = "baton.sources"
TRAINERS_GROUP = "baton.trainers"


class Problem(Value):
    """An expert that did not register, and why."""

    origin: str
    error: str


class Entry(Value):
    """A registered expert's card and the door it came through."""

    card: ExpertCard
    origin: str


class Registry:
    """Experts by name."""

    def __init__(self, settings: Settings, scorer: Scorer | None = None) -> None:
        self._settings = settings
        self._scorer: Scorer = scorer or CardIndex(encoder, settings.vectors_path / "cards.npz")
        self._experts: dict[str, Expert] = {}
        self._origins: dict[str, str] = {}
        self.problems: list[Problem] = []

    def discover(self) -> Registry:
        """Register everything that is installed or lies in BATON_HOME/experts; gives itself."""
        plugins = sorted(entry_points(group=EXPERTS_GROUP), key=lambda e: (e.dist.name if e.dist else "", e.name))
        own = [e for e in plugins if e.dist is not None and e.dist.name == DISTRIBUTION]
        self._add_plugins(own, "built-in")
        self._add_local()
        self._add_plugins([e for e in plugins if e not in own], "package")
        return self

    def add(self, expert: Expert, origin: str = "python") -> None:
        """Register an expert; the very next request can use it.

        Raises:
            InvalidExpert: it is none, or its card lacks an output.
            NotAdmitted: the configuration's lists refuse the name.
            RegistryError: the name is taken.
        """
        if not isinstance(expert, Expert):
            raise InvalidExpert(str(expert), f"a {type(expert).__name__}", "card, load(), predict() and unload()")
        card = expert.card
        if not card.outputs:
            raise InvalidExpert(card.name, "no output port", "one output port or more")
        allow, deny = self._settings.experts.allow, self._settings.experts.deny
        if (allow is not None and card.name not in allow) or card.name in deny:
            raise NotAdmitted(f"expert {card.name!r} is not on the list experts.allow, or stands on experts.deny")
        if card.name in self._experts and self._experts[card.name] is not expert:
            raise RegistryError(
                f"the name {card.name!r} is taken by an expert from {self._origins[card.name]}",
                "Give one of the two another name.",
            )
        self._experts[card.name] = expert
        self._origins[card.name] = origin

    def expert(self, name: str) -> Expert:
        """The expert of that name.

        Raises:
            UnknownExpert: there is none; names the nearest three.
        """
        try:
            return self._experts[name]
        except KeyError:
            raise UnknownExpert(name, list(self._experts)) from None

    def is_embedded(self, card: ExpertCard) -> bool:
        """Whether a card is that of an expert that comes with Baton, and not only called like one."""
        return self._origins.get(card.name) == "built-in" and self.card(card.name) == card

    def card(self, name: str) -> ExpertCard:
        """The card of that name. Raises UnknownExpert."""
        return self.expert(name).card

    @property
    def cards(self) -> tuple[ExpertCard, ...]:
        return tuple(expert.card for expert in self._experts.values())

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(Entry(card=e.card, origin=self._origins[name]) for name, e in self._experts.items())

    def shortlist(self, request: Request) -> Shortlist:
        """The cards that the controller may choose from for this request."""
        return shortlist(request, self.cards, self._scorer, self._settings.controller.shortlist_size)

    # -- experts that lie in BATON_HOME --------------------------------------------------------------------------------

    def store(
        self,
        locator: str,
        *,
        name: str | None = None,
        description: str | None = None,
        examples: Sequence[str] = (),
    ) -> ExpertCard:
        """Add the expert that a locator such as `path:DIR` stands for, copy it into BATON_HOME, register it.

        Raises:
            BadRequest: no such scheme.
            RegistryError: what lies there is no expert, or a rule refuses it.
        """
        scheme, _, rest = locator.partition(":")
        describe = self._plugin(SOURCES_GROUP, scheme, "the scheme of the locator")
        stored, source = describe(rest, name=name, description=description, examples=examples, settings=self._settings)
        folder = self._free_folder(stored.card.name)
        if source is not None:
            copy_into(source, folder, stored.options.get("files"))
        return self._keep(stored, folder)

    def train(
        self,
        task: str,
        data: Path,
        *,
        name: str,
        description: str | None = None,
        encoder: str = "embedded",
        seed: int = 0,
        progress: Any = lambda note: None,
    ) -> ExpertCard:
        """Train an expert on labelled data, store it in BATON_HOME, register it.

        Raises:
            BadRequest: no trainer for the task.
            TrainingDataError: data that cannot make an expert.
        """
        trainer = self._plugin(TRAINERS_GROUP, task, "the task")
        folder = self._free_folder(name)
        folder.mkdir(parents=True)
        try:
            stored = trainer(
                data,
                name=name,
                folder=folder,
                description=description,
                encoder=encoder,
                seed=seed,
                progress=progress,
            )
            return self._keep(stored, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def remove(self, name: str) -> None:
        """Forget an expert and delete what BATON_HOME holds of it.

        Raises:
            UnknownExpert: there is none of that name.
            NotAdmitted: it is built in or comes from a package.
        """
        self.expert(name)
        folder = self._settings.experts_path / name
        if not folder.is_dir():
            raise NotAdmitted(
                f"expert {name!r} comes from {self._origins[name]}; only what was added or trained can be removed",
                "Delete that file, uninstall the package, or put the name on experts.deny in baton.toml.",
            )
        del self._experts[name], self._origins[name]
        shutil.rmtree(folder)

    def _keep(self, stored: StoredExpert, folder: Path) -> ExpertCard:
        try:
            stored.save(folder)
            self.add(self._loaded(folder), f"file {folder}")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return stored.card

    def _free_folder(self, name: str) -> Path:
        if name in self._experts:
            raise RegistryError(
                f"the name {name!r} is taken by an expert from {self._origins[name]}",
                f"Choose another --name, or remove it: baton experts remove {name}",
            )
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.\-]*", name) is None:  # ".." would be BATON_HOME itself
            raise BadRequest("name", name, "a letter, then letters, digits, dot, dash and underscore")
        folder = self._settings.experts_path / name
        if (folder / FILE_NAME).exists():
            raise RegistryError(
                f"{folder} holds an expert that is not loaded", "Choose another --name, or mend or remove that folder."
            )
        if folder.exists():  # left behind by a killed process: without expert.json it never was an expert
            shutil.rmtree(folder)
        return folder

    def _loaded(self, folder: Path) -> Expert:
        stored = StoredExpert.read(folder)
        loader = self._plugin(LOADERS_GROUP, stored.loader, "the loader")
        expert: Expert = loader(folder, stored)
        return expert

    def _plugin(self, group: str, name: str, field: str) -> Any:
        found = {entry.name: entry for entry in entry_points(group=group)}
        if name not in found:
            raise BadRequest(field, name, "one of " + ", ".join(sorted(found)))
        return found[name].load()

    # -- discovery -----------------------------------------------------------------------------------------------------

    def _add_plugins(self, plugins: Iterable[EntryPoint], origin: str) -> None:
        for plugin in plugins:
            label = origin if origin == "built-in" else f"package {plugin.dist.name if plugin.dist else plugin.value}"
            with self._problems_noted(f"{label}: {plugin.value}"):
                for expert in _experts_of(plugin.load(), plugin.value):
                    self._add_noted(expert, label)

    def _add_local(self) -> None:
        folder = self._settings.experts_path
        if not folder.is_dir():
            return
        for path in sorted(folder.iterdir()):
            with self._problems_noted(str(path)):
                if (path / FILE_NAME).is_file():
                    self._add_noted(self._loaded(path), f"file {path}")
                elif path.suffix == ".py":
                    for expert in _experts_of(_module_at(path), str(path)):
                        self._add_noted(expert, f"file {path}")

    def _add_noted(self, expert: Expert, origin: str) -> None:
        with self._problems_noted(f"{origin}: {expert.card.name}"):
            self.add(expert, origin)

    def _problems_noted(self, origin: str) -> _Noted:
        return _Noted(self, origin)


class _Noted:
    """Turns whatever a plugin raises into a Problem."""

    def __init__(self, registry: Registry, origin: str) -> None:
        self._registry, self._origin = registry, origin

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, (Exception, SystemExit)):
            return False
        message = error.message if isinstance(error, BatonError) else f"{type(error).__name__}: {error}"
        self._registry.problems.append(Problem(origin=self._origin, error=message))
        return True


def copy_into(source: Path, folder: Path, files: Sequence[str] | None = None) -> None:
    """Copy a file, or of a folder the named files (all where None), into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy2(source, folder / source.name)
        return
    for path in [source / file for file in files] if files is not None else source.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _experts_of(loaded: Any, origin: str) -> Iterator[Expert]:
    """The experts that an entry point names: one object, or all of a module."""
    if not isinstance(loaded, ModuleType):
        yield loaded
        return
    names = getattr(loaded, "__all__", None) or [name for name in vars(loaded) if not name.startswith("_")]
    found = [value for name in names if isinstance(value := getattr(loaded, name), Expert)]
    found = [value for value in found if not isinstance(value, type)]
    if not found:
        raise InvalidExpert(origin, "no expert", "a module with @expert functions or classes")
    yield from found


def _module_at(path: Path) -> ModuleType:
    name = f"baton_local_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
