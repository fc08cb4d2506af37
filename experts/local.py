"""describe: what `baton experts add path:DIR` finds in a folder or file, as a stored expert. Writes nothing.

A classifier checkpoint of transformers, a scikit-learn model in a skops file, or the folder of another Baton's expert.
Knows the rules of admission (no pickle, no foreign code unless allowed); loading and running is the loaders' part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experts.local_rules import PICKLE_SUFFIXES, WANTED, refused_pickle
from orchestrator.errors import BadRequest, InvalidExpert
from orchestrator.registry.stored import FILE_NAME, StoredExpert

if TYPE_CHECKING:
    from orchestrator.config import Settings


def describe(
    locator: str,
    *,
    name: str | None,
    description: str | None,
    examples: Sequence[str],
    settings: Settings,
) -> tuple[StoredExpert, Path | None]:
    """The expert that lies at a path, and what has to be copied beside its expert.json: a folder or one file.

    Args:
        locator: a folder or a file, with or without "path:" before it.
        name: of the expert; the folder's or file's where None.
        description: in the owner's words; one is made from the labels where None.
        examples: the owner's example requests; generated ones follow them.
        settings: `experts` says what may be loaded.
    Raises:
        BadRequest: there is nothing at the path.
        NotAdmitted: a pickle or foreign code, which the settings do not allow.
        InvalidExpert: something that is no classifier, or does not load; says what is wanted.
    """
    path = Path(locator.removeprefix("path:")).expanduser().resolve()
    if not path.exists():
        raise BadRequest("path", str(path), "a folder or a file that exists", "Check the path after path:")
    if path.is_dir() and (path / FILE_NAME).is_file():
        return _renamed(StoredExpert.read(path), name, description, examples), path
    if path.is_file() and path.name == "config.json":
        path = path.parent
    own_name = name or name_of(path)
    if path.is_dir() and (path / "config.json").is_file():
        from experts.local_checkpoint import describe_checkpoint

        stored = describe_checkpoint(path, own_name, name is not None, description, examples, settings.experts)
        return stored, path
    model = _model_file(path, own_name, settings.experts.allow_pickle)
    from experts.local_sklearn import describe_sklearn

    own_name = name or name_of(path if model.stem in ("model", "classifier", "pipeline") and path.is_dir() else model)
    return describe_sklearn(model, own_name, description, examples, settings.experts), model


def name_of(path: Path) -> str:
    """A legal expert name made of a folder's or file's name."""
    stem = path.stem if path.is_file() else path.name
    name = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_").lower()
    return name if name[:1].isalpha() else f"model_{name}".rstrip("_")


def _model_file(path: Path, name: str, allow_pickle: bool) -> Path:
    """The one model file at a path that is no checkpoint."""
    files = sorted(child for child in path.iterdir() if child.is_file()) if path.is_dir() else [path]
    models = [file for file in files if file.suffix == ".skops"]
    pickles = [file for file in files if file.suffix in PICKLE_SUFFIXES]
    if not models and pickles and not allow_pickle:
        raise refused_pickle(pickles[0])
    models = models or [file for file in pickles if file.suffix in (".pkl", ".pickle", ".joblib")]
    if len(models) == 1:
        return models[0]
    if models:
        names = ", ".join(file.name for file in models)
        raise InvalidExpert(name, f"{len(models)} models ({names})", "one model; give the path of the file itself")
    if any(file.name == "adapter_config.json" for file in files):
        raise InvalidExpert(name, "an adapter without its model", f"the merged model, that is {WANTED}")
    found = ", ".join(file.name for file in files[:6]) or "an empty folder"
    raise InvalidExpert(name, found, WANTED)


def _renamed(stored: StoredExpert, name: str | None, description: str | None, examples: Sequence[str]) -> StoredExpert:
    """An expert that a Baton stored, under the name and with the words given."""
    changes: dict[str, object] = {"examples": tuple(dict.fromkeys((*examples, *stored.card.examples)))}
    if name:
        changes["name"] = name
    if description:
        changes["description"] = description
    card = type(stored.card).model_validate({**stored.card.model_dump(), **changes})
    return stored.model_copy(update={"card": card})
