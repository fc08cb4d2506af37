"""describe_checkpoint: a transformers checkpoint in a folder as a stored expert, tried once before it is let in.

Knows configuration and weight files; how the model runs is `experts.checkpoint`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experts.checkpoint import AUTO_CLASSES, LOADER, MAX_BATCH, TransformersClassifier
from experts.classifier_card import classifier_card, subject_of
from experts.local_rules import WANTED, refused_pickle
from experts.model_readme import card_fields
from orchestrator.artifact import Audio, Image, Text
from orchestrator.config import ExpertSettings
from orchestrator.errors import BadRequest, InvalidExpert, NotAdmitted
from orchestrator.registry.stored import StoredExpert
from orchestrator.types import Resources

_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
# What is needed to run, and what says who made it; not the traces of training beside it.
_KEPT_SUFFIXES = (".json", ".txt", ".model", ".safetensors", ".jinja", ".tiktoken", ".md", ".vocab", ".bpe")
_ACTIVATION_BYTES = 256 * 1024**2


def describe_checkpoint(
    folder: Path,
    name: str,
    name_was_given: bool,
    description: str | None,
    examples: Sequence[str],
    rules: ExpertSettings,
) -> StoredExpert:
    """The checkpoint as a stored expert.

    Raises:
        NotAdmitted, InvalidExpert: see `experts.local.describe`.
    """
    config = _config(folder, name)
    if "auto_map" in config and not rules.allow_remote_code:
        raise NotAdmitted(
            f"{name} brings Python code of its own (auto_map in config.json); experts.allow_remote_code is false",
            "Use an architecture that transformers knows, or read the code and then allow it in baton.toml.",
        )
    weights, is_pickle = _weights(folder, name, rules.allow_pickle)
    task = _task(config, name)
    labels = _labels(folder, config, name, "auto_map" in config)
    num_bytes = sum(path.stat().st_size for path in weights)
    stated = card_fields(folder)
    stated.setdefault("model", str(config.get("_name_or_path") or folder.name))
    card = classifier_card(
        task,
        labels,
        name=name,
        subject=subject_of(name) if name_was_given else None,
        description=description,
        examples=examples,
        limits=f"Knows only its {len(labels)} labels; its scores were not checked here.",
        revision=f"sha256:{_digest(weights)}",
        resources=Resources(gpu_bytes=num_bytes + _ACTIVATION_BYTES, max_batch=MAX_BATCH),
        **stated,
    )
    suffixes = (*_KEPT_SUFFIXES, *([".bin"] if is_pickle else []), *([".py"] if "auto_map" in config else []))
    options = {
        "files": sorted(path.name for path in folder.iterdir() if path.is_file() and path.suffix in suffixes),
        "labels": labels,
        "several_labels": config.get("problem_type") == "multi_label_classification",
        "pickle": is_pickle,
        "remote_code": "auto_map" in config,
    }
    stored = StoredExpert(loader=LOADER, card=card, options=options)
    _tried(folder, stored)
    return stored


def _config(folder: Path, name: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidExpert(name, f"a config.json that is no JSON ({error})", WANTED) from error
    if not isinstance(config, dict):
        raise InvalidExpert(name, "a config.json that is no JSON object", WANTED)
    return config


def _task(config: dict[str, Any], name: str) -> str:
    """The task that the architecture stands for."""
    from transformers.models.auto import modeling_auto as auto

    known = {
        "text-classification": auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        "image-classification": auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
        "audio-classification": auto.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES,
    }
    architectures = [str(item) for item in config.get("architectures") or []]
    # Sound first: Wav2Vec2ForSequenceClassification is named like a text classifier.
    for task in ("audio-classification", "image-classification", "text-classification"):
        names: set[str] = set()
        for value in known[task].values():
            names.update((value,) if isinstance(value, str) else value)
        if names & set(architectures) or AUTO_CLASSES[task] in (config.get("auto_map") or {}):
            return task
    found = f"the architecture {', '.join(architectures)}" if architectures else "no architecture in config.json"
    raise InvalidExpert(name, found, f"a classifier: {WANTED}")


def _labels(folder: Path, config: dict[str, Any], name: str, remote_code: bool) -> list[str]:
    """The labels in the order of the model's outputs."""
    from transformers import AutoConfig

    single = InvalidExpert(
        name, "a single output, so a regression or ranking model", "a classifier of two labels or more"
    )
    if config.get("problem_type") == "regression" or len(config.get("id2label") or "ab") < 2:
        raise single
    try:
        loaded = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=remote_code)
        labels = [str(loaded.id2label[index]) for index in range(loaded.num_labels)]
    except Exception as error:  # every architecture checks its own configuration in its own way
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InvalidExpert(name, f"a config.json that does not load ({reason})", WANTED) from error
    if len(labels) < 2:
        raise single
    if len(set(labels)) < len(labels):
        raise InvalidExpert(name, "two outputs with one label in id2label", "a label of its own for each output")
    return labels


def _weights(folder: Path, name: str, allow_pickle: bool) -> tuple[list[Path], bool]:
    """The files of weights, and whether they are pickles."""
    if (folder / _WEIGHTS).is_file():
        paths = [folder / _WEIGHTS]
    elif (folder / _INDEX).is_file():
        try:
            shards = sorted(set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError) as error:
            raise InvalidExpert(name, f"a broken {_INDEX}", WANTED) from error
        paths = [folder / str(shard) for shard in shards]
    else:
        pickles = [folder / file for file in _PICKLES if (folder / file).is_file()]
        if not pickles:
            raise InvalidExpert(name, "a config.json without weights beside it", WANTED)
        if not allow_pickle:
            raise refused_pickle(pickles[0])
        return pickles, True
    for path in paths:
        _check_safetensors(path, name)
    return paths, False


def _check_safetensors(path: Path, name: str) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            if not file.keys():
                raise InvalidExpert(name, f"{path.name} without a tensor", WANTED)
    except (OSError, SafetensorError) as error:
        raise InvalidExpert(name, f"{path.name}, which is no whole safetensors file ({error})", WANTED) from error


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _tried(folder: Path, stored: StoredExpert) -> None:
    """Load it and classify one input of each kind's simplest form, so that what is let in also runs."""
    expert = TransformersClassifier(folder, stored)
    expert.load("cpu")
    try:
        expert.predict([{stored.card.inputs[0].name: _trial_input(stored.card.task)}])
    except BadRequest:
        raise
    except Exception as error:  # whatever a model does with a plain input
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InvalidExpert(stored.card.name, f"a model that fails on a plain input ({reason})", WANTED) from error
    finally:
        expert.unload()


def _trial_input(task: str) -> Text | Image | Audio:
    import numpy
    from PIL import Image as Pillow

    if task == "text-classification":
        return Text("A short text.")
    if task == "image-classification":
        return Image.of(Pillow.linear_gradient("L").convert("RGB"))
    return Audio.of(0.1 * numpy.sin(numpy.arange(16_000) * 0.1), 16_000)
