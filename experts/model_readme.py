"""The model card of a checkpoint (README.md with YAML front matter) as fields of an expert card. Knows no model.

The format is that of the Hugging Face hub: https://huggingface.co/docs/hub/model-cards. What it does not say stays
unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.types import Metric

UNKNOWN_LICENCE = "NOASSERTION"  # what SPDX writes where nobody said
_SPDX = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "cc0-1.0": "CC0-1.0",
    "cc-by-4.0": "CC-BY-4.0",
    "cc-by-3.0": "CC-BY-3.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "mpl-2.0": "MPL-2.0",
    "isc": "ISC",
    "unlicense": "Unlicense",
}


def card_fields(folder: Path) -> dict[str, Any]:
    """licence, author, model, training_data and metrics as the README.md of the folder states them."""
    front = front_matter(folder / "README.md")
    model = _text(front.get("model_name") or front.get("model_id") or _index_name(front))
    author = _text(front.get("author") or front.get("authors") or front.get("creators"))
    if not author and "/" in model:
        author = model.split("/")[0]
    fields: dict[str, Any] = {"licence": spdx(front), "author": author or "unknown", "metrics": declared_metrics(front)}
    if model:
        fields["model"] = model
    if datasets := _text(front.get("datasets")):
        fields["training_data"] = datasets
    return fields


def front_matter(path: Path) -> dict[str, Any]:
    """The YAML between the first two `---` lines; empty where there is none or it is broken."""
    import yaml

    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace").lstrip("\ufeff")
    match = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.DOTALL)
    if match is None:
        return {}
    try:
        front = yaml.safe_load(match.group(1))
    except yaml.YAMLError:
        return {}
    return front if isinstance(front, dict) else {}


def spdx(front: dict[str, Any]) -> str:
    """The SPDX id of the stated licence; LicenseRef-... for one that SPDX does not list."""
    stated = _text(front.get("license") or front.get("licence"))
    if stated.lower() in _SPDX:
        return _SPDX[stated.lower()]
    named = _text(front.get("license_name")) if stated.lower() == "other" else stated
    cleaned = re.sub(r"[^A-Za-z0-9.\-]+", "-", named).strip("-")
    return f"LicenseRef-{cleaned}" if cleaned else UNKNOWN_LICENCE


def declared_metrics(front: dict[str, Any]) -> tuple[Metric, ...]:
    """The scores of `model-index`; their data field says that the model card declares them."""
    return tuple(_metrics(front))


def _metrics(front: dict[str, Any]) -> Iterator[Metric]:
    for entry in _dicts(front.get("model-index")):
        for result in _dicts(entry.get("results")):
            dataset = result.get("dataset")
            where = _text(dataset.get("name")) if isinstance(dataset, dict) else _text(dataset)
            for metric in _dicts(result.get("metrics")):
                value = metric.get("value")
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    yield Metric(
                        name=_text(metric.get("name") or metric.get("type")) or "score",
                        value=float(value),
                        data=f"declared by its model card{f' on {where}' if where else ''}, not measured here",
                    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _index_name(front: dict[str, Any]) -> Any:
    return next((entry.get("name") for entry in _dicts(front.get("model-index"))), None)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return "" if value is None or isinstance(value, dict) else str(value).strip()
