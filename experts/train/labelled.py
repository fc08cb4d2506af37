"""Labelled: examples with their labels, checked to be enough to learn from. Knows no file format and no feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.errors import TrainingDataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# With fewer, the 95 % interval of the accuracy spans half of its range: no score could be stated.
MIN_ROWS = 12
# Cross-validation inside cross-validation needs one of each class on every side.
MIN_ROWS_PER_CLASS = 3
MAX_CLASSES = 500

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Labelled:
    """Examples of one kind, a label each, and where they came from."""

    items: tuple[Any, ...]
    labels: tuple[str, ...]
    source: str
    sha256: str

    def __len__(self) -> int:
        return len(self.items)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.labels)))

    @property
    def truth(self) -> NDArray[np.int64]:
        """Indices into `classes`, shape (N,)."""
        import numpy

        index = {label: position for position, label in enumerate(self.classes)}
        return numpy.array([index[label] for label in self.labels], dtype=numpy.int64)

    def counts(self) -> str:
        """`billing 32, delivery 30`."""
        found = Counter(self.labels)
        return ", ".join(f"{label} {found[label]}" for label in self.classes)

    def training_data(self, unit: str) -> str:
        """What a card says of the data: name, number, counts and fingerprint."""
        return f"{self.source}: {len(self)} {unit} ({self.counts()}), sha256 {self.sha256}"

    def checked(self, unit: str) -> Labelled:
        """Itself.

        Raises:
            TrainingDataError: fewer than MIN_ROWS, one class, or a class with fewer than MIN_ROWS_PER_CLASS.
        """
        found = Counter(self.labels)
        if len(found) < 2:
            only = f"one label, {self.labels[0]!r}" if self.labels else "no labelled example"
            raise TrainingDataError(
                f"{self.source} holds {only}", f"Add {unit} of another label: two labels are needed, more are welcome."
            )
        if len(self) < MIN_ROWS:
            raise TrainingDataError(
                f"{self.source} holds {len(self)} labelled {unit} ({self.counts()}); {MIN_ROWS} are needed at least",
                f"Add labelled {unit}; ten or more of each label give scores that mean something.",
            )
        if len(found) > MAX_CLASSES:
            raise TrainingDataError(
                f"{self.source} holds {len(found)} different labels for {len(self)} {unit}",
                "Check that the label column is the right one.",
            )
        if few := [f"{label} ({count})" for label, count in sorted(found.items()) if count < MIN_ROWS_PER_CLASS]:
            raise TrainingDataError(
                f"{self.source}: fewer than {MIN_ROWS_PER_CLASS} {unit} have the label {', '.join(few[:10])}",
                "Add examples of these labels, or take them out.",
            )
        return self


def without_twins(
    keys: Sequence[str], items: Sequence[Any], labels: Sequence[str], unit: str, progress: Progress
) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Items and labels, each key once: a copy on both sides of a fold would make the scores too good.

    What stands twice with different labels is left out altogether, since nobody can tell which is right.
    """
    labels_of: dict[str, set[str]] = {}
    for key, label in zip(keys, labels, strict=True):
        labels_of.setdefault(key, set()).add(label)
    kept: dict[str, int] = {}
    for index, key in enumerate(keys):
        if len(labels_of[key]) == 1:
            kept.setdefault(key, index)
    disputed = sum(len(found) > 1 for found in labels_of.values())
    if disputed:
        progress(f"left out {disputed} {unit} that stand there with different labels")
    copies = sum(len(labels_of[key]) == 1 for key in keys) - len(kept)
    if copies:
        progress(f"left out {copies} copies of {unit} that stand there twice")
    return tuple(items[index] for index in kept.values()), tuple(labels[index] for index in kept.values())
