"""Tables of labelled texts in every format, and each way in which a table is not enough."""

import json
from pathlib import Path

import pandas
import pytest

from experts.train.rows import labelled_texts
from orchestrator.errors import TrainingDataError

PAIRS = [(f"red apples number {i}", "fruit") for i in range(7)] + [(f"青菜 {i} 斤", "蔬菜") for i in range(7)]


def quiet(note: str) -> None:
    """Somebody who does not look at the progress."""


def write(path: Path, frame: pandas.DataFrame) -> Path:
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            frame.to_csv(path, index=False, sep="\t")
        case ".xlsx":
            frame.to_excel(path, index=False)
        case ".jsonl":
            path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in frame.to_dict("records")))
        case ".json":
            path.write_text(json.dumps(frame.to_dict("records")))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl", ".json"])
def test_every_format_gives_the_same_rows(tmp_path, suffix):
    path = write(tmp_path / f"greens{suffix}", pandas.DataFrame(PAIRS, columns=["text", "label"]))
    found = labelled_texts(path, quiet)
    assert list(zip(found.items, found.labels, strict=True)) == PAIRS
    assert found.classes == ("fruit", "蔬菜")
    assert found.truth.tolist() == [0] * 7 + [1] * 7


@pytest.mark.parametrize(
    ("columns", "separator", "encoding"),
    [
        (("内容", "类别"), ",", "utf-8-sig"),
        (("Message", "Category"), ";", "utf-8"),
        (("what they wrote", "which team"), "\t", "utf-16"),
    ],
)
def test_columns_are_found_by_name_or_by_shape(tmp_path, columns, separator, encoding):
    frame = pandas.DataFrame(PAIRS, columns=list(columns)).assign(number=range(len(PAIRS)))
    path = tmp_path / "table.csv"
    path.write_bytes(frame.to_csv(index=False, sep=separator).encode(encoding))
    notes: list[str] = []
    found = labelled_texts(path, notes.append)
    assert list(zip(found.items, found.labels, strict=True)) == PAIRS
    assert notes[0] == f"table.csv: 14 rows; texts in {columns[0]!r}, labels in {columns[1]!r}"


def test_number_labels_stay_as_written(tmp_path):
    lines = ["text,label", *(f"word {i},{i % 2 + 1}" for i in range(14)), "no label here,"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    notes: list[str] = []
    assert labelled_texts(tmp_path / "t.csv", notes.append).classes == ("1", "2")
    assert "left out 1 rows without a text or a label" in notes


def test_twins_count_once_and_disputed_rows_not_at_all(tmp_path):
    pairs = [*PAIRS, ("Red  apples NUMBER 0", "fruit"), ("both", "fruit"), ("both", "蔬菜")]
    path = write(tmp_path / "t.csv", pandas.DataFrame(pairs, columns=["text", "label"]))
    notes: list[str] = []
    found = labelled_texts(path, notes.append)
    assert list(zip(found.items, found.labels, strict=True)) == PAIRS
    assert notes[1:] == [
        "left out 1 rows that stand there with different labels",
        "left out 1 copies of rows that stand there twice",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\n" + "".join(f"a{i},x\n" for i in range(20)), "one label, 'x'"),
        ("text,label\n" + "".join(f"a{i},{'xy'[i % 2]}\n" for i in range(10)), "10 labelled rows .* 12 are needed"),
        ("text,label\n" + "".join(f"a{i},{'x' if i else 'y'}\n" for i in range(20)), "fewer than 3 rows .* y \\(1\\)"),
        (
            "text,comment\n" + "".join(f"a{i},b{i}\n" for i in range(20)),
            "no label column; its columns are 'text', 'comment'",
        ),
        ("a,label\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(20)), "no text column beside 'label'"),
        ("text,label\n", "no labelled example"),
        ("", "is empty"),
        ('text,label\n"never closed,x\n', "is no readable table|no labelled example"),
    ],
)
def test_what_is_not_enough_is_said(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(TrainingDataError, match=message) as caught:
        labelled_texts(path, quiet)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"no workbook", "t.xlsx is no readable table"),
        ("t.jsonl", b'{"text": "a", "label"', "t.jsonl is no readable table"),
        ("t.csv", bytes(range(256)) * 4, "t.csv"),
        ("t.pdf", b"%PDF", "t.pdf is no table that can be read"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingDataError, match=message):
        labelled_texts(tmp_path / name, quiet)


def test_a_folder_or_nothing_is_no_table(tmp_path):
    with pytest.raises(TrainingDataError, match="is a folder"):
        labelled_texts(tmp_path, quiet)
    with pytest.raises(TrainingDataError, match="cannot be read: No such file"):
        labelled_texts(tmp_path / "absent.csv", quiet)
