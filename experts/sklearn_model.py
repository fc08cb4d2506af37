"""SklearnClassifier: a scikit-learn classifier of texts or of table rows, from a skops file. The loader "skops".

Knows how such a model is run, not where it came from; `experts.local` describes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.artifact import Json, Labels, Table
from orchestrator.errors import BadRequest, InvalidExpert
from orchestrator.expert import Inputs, Prediction
from orchestrator.registry.stored import StoredExpert

if TYPE_CHECKING:
    import pandas as pd

LOADER = "skops"
MAX_BATCH = 64
PREDICTED = "predicted"
# Compiled parts of scikit-learn itself that skops does not count as trusted although they come with the library.
SKLEARN_TYPES = frozenset(
    (
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
    )
)


class SklearnClassifier:
    """A fitted classifier or pipeline as an expert; a whole batch is one call of the model."""

    def __init__(self, folder: Path, stored: StoredExpert) -> None:
        self.card = stored.card
        self._path = folder / str(stored.options["file"])
        self._options = stored.options
        self._model: Any = None

    def load(self, device: str) -> None:
        """Read the model; it runs on the CPU whatever the device.

        Raises:
            InvalidExpert: a file that is no model, or holds types that nobody allowed.
        """
        self._model = read_model(
            self.card.name,
            self._path,
            self._options.get("trusted", []),
            allow_pickle=bool(self._options.get("pickle", False)),
        )

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        """Labels for texts; for rows a table with a column `predicted`, and labels where there is one row.

        Raises:
            BadRequest: a table lacks a column that the model was fitted to, or has text where it needs numbers.
        """
        if not batch:
            return []
        assert self._model is not None, "load() comes before predict()"
        if self._options["input"] == "text":
            texts = [str(getattr(inputs["text"], "text", inputs["text"])) for inputs in batch]
            return [self._labelled(*one) for one in self._judged(texts)]
        return [self._of_rows(*self._frames(inputs)) for inputs in batch]

    def unload(self) -> None:
        self._model = None

    def _judged(self, rows: Any) -> list[tuple[str, dict[str, float] | None]]:
        """Class and probabilities of each row; None for probabilities where the model has none."""
        classes = [str(label) for label in self._model.classes_]
        guesses = [str(label) for label in self._model.predict(rows)]
        if not hasattr(self._model, "predict_proba"):
            return [(guess, None) for guess in guesses]
        probabilities = self._model.predict_proba(rows)  # (N, L)
        return [
            (guess, dict(zip(classes, row.tolist(), strict=True)))
            for guess, row in zip(guesses, probabilities, strict=True)
        ]

    def _labelled(self, guess: str, scores: dict[str, float] | None) -> Prediction:
        if scores is None:
            return Prediction({"labels": Labels({guess: 1.0})}, None)
        labels = Labels(scores)
        return Prediction({"labels": labels}, labels.confidence)

    def _frames(self, inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The rows as given, of a table or of one row of features, and the columns of them that the model takes."""
        import pandas

        features = inputs.get("features")
        if inputs.get("table") is not None:
            frame, source = inputs["table"].frame(), inputs["table"].name or "the table"
        elif features:
            frame, source = pandas.DataFrame([features]), "features"
        else:
            raise BadRequest("table", None, "a table of rows, or features of one row", "Attach the rows as a CSV file.")
        columns = [str(column) for column in self._options["columns"]]
        if self._options["named"]:
            if missing := [column for column in columns if column not in frame.columns]:
                raise BadRequest(
                    "table",
                    f"{source} with columns {', '.join(map(str, frame.columns))}",
                    f"a table that also has {', '.join(missing)}",
                    "Add the missing columns, or rename those that mean the same.",
                )
            return frame, frame[columns]
        numbers = frame.select_dtypes("number")
        if numbers.shape[1] != len(columns):
            raise BadRequest(
                "table",
                f"{source} with {numbers.shape[1]} columns of numbers",
                f"a table with exactly {len(columns)} columns of numbers, in the order of the training data",
                "Leave out the other columns.",
            )
        return frame, numbers

    def _of_rows(self, frame: pd.DataFrame, taken: pd.DataFrame) -> Prediction:
        rows = taken if self._options["named"] else taken.to_numpy()
        try:
            judged = self._judged(rows)
        except (ValueError, TypeError) as error:
            raise BadRequest(
                "table", str(error).strip().splitlines()[0], "rows like those that the model was fitted to"
            ) from error
        sure = [max(scores.values()) for _, scores in judged if scores is not None]
        columns: dict[str, Any] = {PREDICTED: [guess for guess, _ in judged]}
        if sure:
            columns["confidence"] = [round(value, 4) for value in sure]
        counts = Counter(guess for guess, _ in judged)
        most_frequent, num_most_frequent = counts.most_common(1)[0]
        summary = {
            "num_rows": len(judged),
            # Of a single row the labels speak; a sentence on the most frequent class would be odd.
            "most_frequent": most_frequent if len(judged) > 1 else None,
            "num_most_frequent": num_most_frequent,
            "counts": dict(counts.most_common()),
        }
        outputs: dict[str, Any] = {"table": Table.of(frame.assign(**columns)), "summary": Json(summary)}
        if len(judged) == 1:
            outputs["labels"] = self._labelled(*judged[0]).outputs["labels"]
        return Prediction(outputs, sum(sure) / len(sure) if sure else None)


def read_model(name: str, path: Path, trusted: Sequence[str], *, allow_pickle: bool = False) -> Any:
    """The model in a skops file, or in a pickle where that is allowed.

    Raises:
        InvalidExpert: no model, or types in it that are not trusted.
    """
    wanted = "a scikit-learn classifier that skops.io.dump wrote"
    try:
        if allow_pickle and path.suffix != ".skops":
            import joblib

            return joblib.load(path)
        import skops.io

        return skops.io.load(path, trusted=sorted({*trusted, *untrusted_types(path)} & {*trusted, *SKLEARN_TYPES}))
    # A file that is not what it says fails in its reader's own ways.
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InvalidExpert(name, f"{path.name}, which does not load ({reason})", wanted) from error


def untrusted_types(path: Path) -> list[str]:
    """Types in a skops file that skops does not trust; raises what its reader raises."""
    import skops.io

    return list(skops.io.get_untrusted_types(file=path))
