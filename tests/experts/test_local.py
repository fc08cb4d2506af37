"""What `baton experts add path:...` finds, and what it refuses: each rule with the file that breaks it."""

import pickle
from pathlib import Path

import numpy
import pytest
import skops.io
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from experts.classifier_card import described, requests_for, subject_of
from experts.local import describe, name_of
from experts.model_readme import front_matter, spdx
from orchestrator.config import load_settings
from orchestrator.errors import BadRequest, InvalidExpert, NotAdmitted
from orchestrator.registry.stored import StoredExpert

ROWS = numpy.array([[0.0, 1.0], [1.0, 0.0], [0.2, 0.9], [0.8, 0.1]])
LABELS = ["left", "right", "left", "right"]


class Foreign(TransformerMixin, BaseEstimator):
    """A step that scikit-learn does not bring."""

    def fit(self, rows, labels=None):
        self.n_features_in_ = rows.shape[1]
        return self

    def transform(self, rows):
        return rows


def described_at(path: Path, name: str | None = None, description: str | None = None, examples=(), **rules):
    settings = load_settings({"experts": rules})
    return describe(str(path), name=name, description=description, examples=examples, settings=settings)


@pytest.fixture
def skops_file(tmp_path) -> Path:
    skops.io.dump(LogisticRegression().fit(ROWS, LABELS), tmp_path / "turn-signs.skops")
    return tmp_path / "turn-signs.skops"


def test_a_file_or_its_folder_gives_the_same_expert(skops_file):
    by_file, source = described_at(skops_file)
    by_folder, same_source = described_at(f"path:{skops_file.parent}")
    assert by_file == by_folder
    assert source == same_source == skops_file
    assert (by_file.loader, by_file.card.name) == ("skops", "turn_signs")
    assert by_file.options["files"] == ["turn-signs.skops"]
    assert by_file.card.revision.startswith("sha256:")
    assert sorted(path.name for path in skops_file.parent.iterdir()) == ["turn-signs.skops"]


def test_the_owners_words_win(skops_file):
    stored, _ = described_at(skops_file, "steering", "Says which way to turn.", ("Where do I turn?", "往哪边转?"))
    assert (stored.card.name, stored.card.description) == ("steering", "Says which way to turn.")
    assert stored.card.examples[:2] == ("Where do I turn?", "往哪边转?")
    assert len(stored.card.examples) > 6


def test_an_expert_that_another_baton_stored_is_taken_as_it_is(skops_file):
    stored, _ = described_at(skops_file)
    stored.save(skops_file.parent)
    again, source = described_at(skops_file.parent, "renamed")
    assert source == skops_file.parent
    assert again.card.name == "renamed"
    assert again.options == stored.options
    assert StoredExpert.read(skops_file.parent) == stored


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "pytorch_model.bin"])
def test_a_pickle_is_refused_and_never_opened(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(tmp_path / "went_off")))
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(NotAdmitted, match=f"{name} is a pickle") as caught:
            described_at(path)
        assert "experts.allow_pickle" in caught.value.remedy
    assert not (tmp_path / "went_off").exists()


class Bomb:
    """A pickle of it makes a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_loads_where_it_is_allowed(tmp_path):
    (tmp_path / "signs.pkl").write_bytes(pickle.dumps(LogisticRegression().fit(ROWS, LABELS)))
    stored, _ = described_at(tmp_path / "signs.pkl", allow_pickle=True)
    assert (stored.card.name, stored.options["pickle"], stored.options["labels"]) == ("signs", True, ["left", "right"])


def test_foreign_code_in_a_skops_file_is_refused_unless_allowed(tmp_path):
    path = tmp_path / "odd.skops"
    skops.io.dump(make_pipeline(Foreign(), LogisticRegression()).fit(ROWS, LABELS), path)
    with pytest.raises(NotAdmitted, match=r"code from outside scikit-learn: .*Foreign"):
        described_at(path)
    stored, _ = described_at(path, allow_remote_code=True)
    assert [name.rpartition(".")[2] for name in stored.options["trusted"]] == ["Foreign"]


def test_what_is_no_classifier_is_refused(tmp_path):
    skops.io.dump(LinearRegression().fit(ROWS, [1, 2, 3, 4]), tmp_path / "line.skops")
    with pytest.raises(InvalidExpert, match="LinearRegression that is no fitted classifier"):
        described_at(tmp_path / "line.skops")
    skops.io.dump(LogisticRegression(), tmp_path / "raw.skops")
    with pytest.raises(InvalidExpert, match="no fitted classifier"):
        described_at(tmp_path / "raw.skops")
    skops.io.dump(TfidfVectorizer().fit(["a word"]), tmp_path / "words.skops")
    with pytest.raises(InvalidExpert, match="TfidfVectorizer"):
        described_at(tmp_path / "words.skops")
    with pytest.raises(InvalidExpert, match=r"3 models \(line.skops, raw.skops, words.skops\)"):
        described_at(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "an empty folder"),
        ({"notes.txt": b"x"}, "notes.txt"),
        ({"adapter_config.json": b"{}", "adapter_model.safetensors": b"x"}, "an adapter without its model"),
        ({"a.skops": b"no archive"}, "no whole skops file"),
    ],
)
def test_folders_that_hold_no_model_are_refused(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidExpert, match=message) as caught:
        described_at(tmp_path)
    assert "skops" in caught.value.wanted


def test_nothing_there(tmp_path):
    with pytest.raises(BadRequest, match="a folder or a file that exists"):
        described_at(tmp_path / "absent")


def test_names_are_legal(tmp_path):
    assert name_of(tmp_path / "My Weld-Model (v2)") == "my_weld_model_v2"
    assert name_of(tmp_path / "2024") == "model_2024"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("support_tickets", "support ticket"),
        ("weld-defects-classifier", "weld defect"),
        ("categories", "category"),
        ("glass", "glass"),
        ("bert_base_v2", None),
        ("distilbert-base-uncased-finetuned-sst-2-english", None),
    ],
)
def test_the_subject_of_a_name(name, subject):
    assert subject_of(name) == subject


def test_descriptions_and_requests_name_the_labels():
    labels = ["burnt_out", "tench, Tinca tinca", "ok"]
    assert described("image-classification", labels, None) == "Classifies a picture as burnt out, tench or ok."
    assert (
        described("image-classification", ["LABEL_0", "LABEL_1"], "apple")
        == "Classifies an apple into one of 2 classes."
    )
    many = [f"kind {letter}" for letter in "abcdefghij"]
    assert described("text-classification", many, None).startswith(
        "Classifies a text into one of 10 classes, such as kind a,"
    )
    assert "Which is this picture: burnt out, tench or ok?" in requests_for("image-classification", labels, None)
    assert "这张图片是burnt out、tench还是ok?" in requests_for("image-classification", labels, None)


@pytest.mark.parametrize(
    ("front", "licence"),
    [
        ({"license": "mit"}, "MIT"),
        ({"license": "other", "license_name": "Acme Research"}, "LicenseRef-Acme-Research"),
        ({"license": "openrail"}, "LicenseRef-openrail"),
        ({}, "NOASSERTION"),
    ],
)
def test_licences_become_spdx(front, licence):
    assert spdx(front) == licence


@pytest.mark.parametrize("text", ["", "# No front matter", "---\n: [broken\n---\n", "---\njust words\n---\n"])
def test_a_readme_without_front_matter_says_nothing(tmp_path, text):
    (tmp_path / "README.md").write_text(text)
    assert front_matter(tmp_path / "README.md") == {}
