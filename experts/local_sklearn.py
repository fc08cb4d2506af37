"""describe_sklearn: a scikit-learn model in a file as a stored expert. Knows its types, columns and classes.

How the model runs is `experts.sklearn_model`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experts.classifier_card import classifier_card, subject_of, title_of
from experts.local_rules import WANTED
from experts.model_readme import card_fields
from experts.sklearn_model import LOADER, MAX_BATCH, SKLEARN_TYPES, read_model, untrusted_types
from orchestrator.config import ExpertSettings
from orchestrator.errors import InvalidExpert, NotAdmitted
from orchestrator.registry.stored import StoredExpert
from orchestrator.types import ExpertCard, Port, Resources

_MAX_NAMED_COLUMNS = 12


def describe_sklearn(
    path: Path, name: str, description: str | None, examples: Sequence[str], rules: ExpertSettings
) -> StoredExpert:
    """The model as a stored expert.

    Raises:
        NotAdmitted, InvalidExpert: see `experts.local.describe`.
    """
    is_pickle = path.suffix != ".skops"
    trusted = [] if is_pickle else _trusted(path, name, rules.allow_remote_code)
    model = read_model(name, path, trusted, allow_pickle=is_pickle and rules.allow_pickle)
    labels = _classes(model, name)
    options: dict[str, Any] = {
        "files": [path.name],
        "file": path.name,
        "trusted": trusted,
        "pickle": is_pickle,
        "labels": labels,
        **_takes(model, name),
    }
    sure = hasattr(model, "predict_proba")
    fields = {
        **card_fields(path.parent),
        "limits": f"Knows only its {len(labels)} labels; its scores were not checked here.",
        "revision": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",
        "resources": Resources(max_batch=MAX_BATCH),
    }
    fields.setdefault("model", type(model[-1] if hasattr(model, "steps") else model).__name__)
    subject = subject_of(name)
    if options["input"] == "text":
        card = classifier_card(
            "text-classification",
            labels,
            name=name,
            subject=subject,
            description=description,
            examples=examples,
            sure=sure,
            **fields,
        )
    else:
        card = _tabular_card(labels, options["columns"], name, subject, description, examples, sure, fields)
    return StoredExpert(loader=LOADER, card=card, options=options)


def _trusted(path: Path, name: str, allow_foreign: bool) -> list[str]:
    """The foreign types that the settings allow."""
    try:
        foreign = sorted(set(untrusted_types(path)) - SKLEARN_TYPES)
    except Exception as error:  # a broken archive fails in many ways
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InvalidExpert(name, f"{path.name}, which is no whole skops file ({reason})", WANTED) from error
    if foreign and not allow_foreign:
        raise NotAdmitted(
            f"{path.name} needs code from outside scikit-learn: {', '.join(foreign)};"
            " experts.allow_remote_code is false",
            "Build the model from scikit-learn's own parts, or set experts.allow_remote_code = true in baton.toml"
            " where you trust this code.",
        )
    return foreign


def _classes(model: Any, name: str) -> list[str]:
    from sklearn.base import is_classifier

    if not hasattr(model, "predict"):
        raise InvalidExpert(name, f"a {type(model).__name__}", "a fitted scikit-learn classifier")
    try:
        classifier = bool(is_classifier(model))
        labels = [str(label) for label in model.classes_]
    except (AttributeError, TypeError):
        classifier, labels = False, []
    if not classifier or len(labels) < 2:
        raise InvalidExpert(
            name, f"a {type(model).__name__} that is no fitted classifier", "a fitted classifier of one label a row"
        )
    return labels


def _takes(model: Any, name: str) -> dict[str, Any]:
    """Whether it takes texts or rows, and which columns."""
    columns = getattr(model, "feature_names_in_", None)
    if columns is not None:
        return {"input": "table", "named": True, "columns": [str(column) for column in columns]}
    width = getattr(model, "n_features_in_", None)
    if width is not None:
        return {"input": "table", "named": False, "columns": [f"column {i + 1}" for i in range(int(width))]}
    try:
        # Only a pipeline that begins with a text vectorizer takes bare strings and counts no features.
        model.predict(["a short text"])
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InvalidExpert(
            name, f"a {type(model).__name__} that takes no text ({reason})", "texts or table rows"
        ) from error
    return {"input": "text"}


def _tabular_card(
    labels: list[str],
    columns: list[str],
    name: str,
    subject: str | None,
    description: str | None,
    examples: Sequence[str],
    sure: bool,
    fields: dict[str, Any],
) -> ExpertCard:
    """A card with the ports of rows: the table with its predictions, a summary, and labels for a single row."""
    title = title_of(name)
    noun = subject or "row"
    few = ", ".join(columns[:_MAX_NAMED_COLUMNS]) + (", ..." if len(columns) > _MAX_NAMED_COLUMNS else "")
    own_examples = (
        *examples,
        f"Classify every {noun} of this table",
        f"Predict the class of each {noun} in the CSV",
    )
    certainty = " ({confidence})" if sure else ""
    quoted = title.replace("{", "{{").replace("}", "}}")
    card = classifier_card(
        "tabular-classification", labels, name=name, subject=subject, description=description, examples=own_examples
    )
    says = {
        "en": (
            f"By the {quoted}, the commonest class is {{most_frequent}}: {{num_most_frequent}} of {{num_rows}} rows.",
            f"The row is classified as {{top}}{certainty}.",
        ),
        "zh": (
            f"{quoted} 把 {{num_rows}} 行中的 {{num_most_frequent}} 行归为最常见的类别“{{most_frequent}}”。",
            f"这一行属于“{{top}}”类{certainty}。",
        ),
    }
    ports = {
        "inputs": (
            Port(name="table", kind="table", description=f"rows with the columns {few}"),
            Port(name="features", kind="dict", description="one row instead of a table", required=False),
        ),
        "outputs": (
            Port(name="table", kind="table", description="the rows with a column of predictions"),
            Port(name="summary", kind="json", description="number of rows and counts of the classes"),
            Port(name="labels", kind="labels", description="of a single row", required=False),
        ),
    }
    return card.model_copy(update={"says": says, **ports, **fields})
