"""Labelled texts of a table file (CSV, TSV, workbook, JSON lines, Parquet); finds the two columns. Knows no model."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from experts.train.labelled import Labelled, Progress, without_twins
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest, TrainingDataError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson", ".json", ".parquet")
_LABEL_NAMES = (
    *("label", "labels", "class", "category", "target", "intent", "topic", "tag", "y"),
    *("标签", "类别", "分类", "类型", "标注"),
)
_TEXT_NAMES = (
    *("text", "texts", "sentence", "message", "content", "body", "document", "ticket", "review", "comment"),
    *("utterance", "question", "description", "title", "subject", "x"),
    *("文本", "内容", "正文", "句子", "评论", "问题", "描述", "标题"),
)
_WANTED = "Name one column text and one column label, a header in the first row."


def labelled_texts(path: Path, progress: Progress) -> Labelled:
    """The texts and labels of a table, each text once, rows without either left out.

    Raises:
        TrainingDataError: no such file, no table, no text or no label column (names the columns), or too few rows.
    """
    data = _read(path)
    frame = _frame(path, data)
    text_column, label_column = columns_of(frame, path.name)
    progress(f"{path.name}: {len(frame)} rows; texts in {text_column!r}, labels in {label_column!r}")
    pairs = frame[[text_column, label_column]].fillna("").astype(str)
    pairs = pairs.apply(lambda column: column.str.strip())
    full = pairs[(pairs[text_column] != "") & (pairs[label_column] != "")]
    if len(full) < len(pairs):
        progress(f"left out {len(pairs) - len(full)} rows without a text or a label")
    texts, labels = full[text_column].tolist(), full[label_column].tolist()
    keys = [" ".join(text.lower().split()) for text in texts]
    texts, labels = without_twins(keys, texts, labels, "rows", progress)
    return Labelled(texts, labels, path.name, hashlib.sha256(data).hexdigest()).checked("rows")


def columns_of(frame: pd.DataFrame, source: str) -> tuple[str, str]:
    """The names of the text and of the label column: by name first, then by shape.

    By shape, labels are short and stand in three rows on average, texts are the longest strings.

    Raises:
        TrainingDataError: either cannot be told; the message names the columns that there are.
    """
    columns = [str(column) for column in frame.columns]
    lowered = {column.strip().lower(): column for column in reversed(columns)}
    label = next((lowered[name] for name in _LABEL_NAMES if name in lowered), None)
    text = next((lowered[name] for name in _TEXT_NAMES if name in lowered and lowered[name] != label), None)
    shapes = {column: frame[column].dropna().astype(str) for column in columns}
    if label is None:
        fitting = [c for c in columns if c != text and _could_be_labels(shapes[c])]
        label = min(fitting, key=lambda c: shapes[c].nunique()) if fitting else None
    if text is None:
        others = [c for c in columns if c != label and shapes[c].str.contains(r"[^\W\d_]").mean() > 0.5]
        text = max(others, key=lambda c: shapes[c].str.len().mean()) if others else None
    named = ", ".join(repr(column) for column in columns) or "none"
    if label is None:
        raise TrainingDataError(f"{source} has no label column; its columns are {named}", _WANTED)
    if text is None:
        raise TrainingDataError(
            f"{source} has no text column beside {label!r}; its columns are {named}",
            _WANTED,
        )
    return text, label


def _could_be_labels(values: pd.Series) -> bool:
    return 2 <= values.nunique() <= max(2, len(values) // 3) and values.str.len().max() <= 60


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise TrainingDataError(
            f"{path} is a folder; texts are read from one table", f"Give a file: {', '.join(SUFFIXES)}."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise TrainingDataError(f"{path.name} is no table that can be read", f"Give one of {', '.join(SUFFIXES)}.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be read: {error.strerror}", "Check the path after --data.") from error
    if not data.strip():
        raise TrainingDataError(f"{path.name} is empty", _WANTED)
    return data


def _frame(path: Path, data: bytes) -> pd.DataFrame:
    """The table, every cell a string, so that a label 1 stays "1" beside an empty cell."""
    import pandas

    suffix = path.suffix.lower()
    try:
        if suffix == ".xlsx":
            return pandas.read_excel(io.BytesIO(data), dtype=str)
        if suffix == ".parquet":
            return pandas.read_parquet(io.BytesIO(data))
        text = Text.from_bytes(data, name=path.name).text
        if suffix in (".jsonl", ".ndjson", ".json"):
            return pandas.read_json(io.StringIO(text), lines=suffix != ".json", dtype=False)
        return pandas.read_csv(io.StringIO(text), sep=_separator(text), dtype=str, keep_default_na=False)
    except BadRequest as error:
        raise TrainingDataError(f"{path.name}: {error.message}", error.remedy) from error
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TrainingDataError(f"{path.name} is no readable table: {reason}", "Open it and save it again.") from error


def _separator(text: str) -> str:
    """The separator that stands most often in the header; a comma where none does."""
    header = text.lstrip().splitlines()[0]
    return max((",", "\t", ";", "|"), key=header.count)
