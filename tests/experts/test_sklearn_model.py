"""scikit-learn classifiers in skops files: of texts, of named columns, of bare numbers, and without probabilities."""

from pathlib import Path

import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from experts.local import describe
from experts.sklearn_model import SklearnClassifier
from orchestrator.artifact import Table, Text
from orchestrator.config import load_settings
from orchestrator.errors import BadRequest, InvalidExpert
from orchestrator.expert import Expert
from orchestrator.registry.stored import StoredExpert

IRIS, _species = load_iris(return_X_y=True, as_frame=True)
SPECIES = _species.map(dict(enumerate(["setosa", "versicolor", "virginica"])))
TEXTS = {
    "the invoice is wrong": "billing",
    "please refund the payment": "billing",
    "invoice and payment": "billing",
    "the parcel is late": "delivery",
    "where is my parcel": "delivery",
    "the courier lost it": "delivery",
}


def expert_of(model, folder: Path, name: str = "tried") -> SklearnClassifier:
    folder.mkdir(exist_ok=True)
    skops.io.dump(model, folder / f"{name}.skops")
    stored, source = describe(f"path:{folder}", name=name, description=None, examples=(), settings=load_settings({}))
    assert source == (folder / f"{name}.skops").resolve()
    stored.save(folder)
    expert = SklearnClassifier(folder, StoredExpert.read(folder))
    expert.load("cpu")
    return expert


def test_a_text_pipeline(tmp_path):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=100)).fit(list(TEXTS), list(TEXTS.values()))
    expert = expert_of(model, tmp_path / "tickets", "tickets")
    assert expert.card.task == "text-classification"
    assert expert.card.description == "Classifies a ticket as billing or delivery."
    assert isinstance(expert, Expert)
    predictions = expert.predict([{"text": Text("a parcel that is late")}, {"text": "refund the invoice"}])
    assert [prediction.outputs["labels"].top for prediction in predictions] == ["delivery", "billing"]
    wanted = dict(zip(model.classes_, model.predict_proba(["refund the invoice"])[0], strict=True))
    assert predictions[1].outputs["labels"].scores == pytest.approx(wanted)
    assert predictions[1].confidence == pytest.approx(max(wanted.values()))
    assert expert.predict([]) == []


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10),
        GradientBoostingClassifier(n_estimators=5),
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_rows_with_named_columns(tmp_path, model):
    expert = expert_of(model.fit(IRIS, SPECIES), tmp_path / "iris", "iris_flowers")
    assert expert.card.task == "tabular-classification"
    assert expert.card.description == "Classifies an iris flower as setosa, versicolor or virginica."
    shuffled = IRIS[list(reversed(IRIS.columns))].assign(garden="north")
    prediction = expert.predict([{"table": Table.of(shuffled)}])[0]
    frame = prediction.outputs["table"].frame()
    assert frame["predicted"].tolist() == model.predict(IRIS).tolist()
    assert frame["confidence"].tolist() == pytest.approx(model.predict_proba(IRIS).max(axis=1), abs=1e-3)
    assert list(frame.columns) == [*shuffled.columns, "predicted", "confidence"]
    summary = prediction.outputs["summary"].value
    assert summary["num_rows"] == 150
    assert summary["counts"] == frame["predicted"].value_counts().to_dict()
    assert summary["counts"][summary["most_frequent"]] == summary["num_most_frequent"]
    assert "labels" not in prediction.outputs


def test_a_single_row_gives_labels(tmp_path):
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    expert = expert_of(model, tmp_path / "iris")
    row = IRIS.iloc[[0]]
    of_table, of_features = expert.predict([{"table": Table.of(row)}, {"features": row.iloc[0].to_dict()}])
    wanted = dict(zip(model.classes_, model.predict_proba(row)[0], strict=True))
    for prediction in (of_table, of_features):
        assert prediction.outputs["labels"].scores == pytest.approx(wanted, abs=1e-6)
        assert prediction.outputs["summary"].value["most_frequent"] is None
        assert prediction.confidence == pytest.approx(max(wanted.values()))


def test_columns_of_words_and_numbers(tmp_path):
    frame = IRIS.iloc[:100, :1].assign(colour=["red"] * 50 + ["blue"] * 50)
    encoder = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
    model = make_pipeline(encoder, LogisticRegression()).fit(frame, SPECIES[:100])
    expert = expert_of(model, tmp_path / "mixed")
    prediction = expert.predict([{"table": Table.of(frame)}])[0]
    assert prediction.outputs["table"].frame()["predicted"].tolist() == model.predict(frame).tolist()


def test_bare_numbers_are_taken_in_their_order(tmp_path):
    model = LogisticRegression(max_iter=500).fit(IRIS.to_numpy(), SPECIES)
    expert = expert_of(model, tmp_path / "bare")
    renamed = IRIS.set_axis(["a", "b", "c", "d"], axis=1).assign(note="x")
    frame = expert.predict([{"table": Table.of(renamed)}])[0].outputs["table"].frame()
    assert frame["predicted"].tolist() == model.predict(IRIS.to_numpy()).tolist()
    with pytest.raises(BadRequest, match="exactly 4 columns of numbers"):
        expert.predict([{"table": Table.of(renamed[["a", "b"]])}])


def test_a_model_without_probabilities_states_none(tmp_path):
    model = make_pipeline(TfidfVectorizer(), LinearSVC()).fit(list(TEXTS), list(TEXTS.values()))
    expert = expert_of(model, tmp_path / "svc", "mails")
    prediction = expert.predict([{"text": "where is my parcel"}])[0]
    assert (prediction.outputs["labels"].top, prediction.confidence) == ("delivery", None)
    assert not any("{confidence}" in line for lines in expert.card.says.values() for line in lines)


def test_a_table_that_does_not_fit_is_a_typed_error(tmp_path):
    expert = expert_of(LogisticRegression(max_iter=500).fit(IRIS, SPECIES), tmp_path / "iris")
    with pytest.raises(BadRequest, match=r"a table that also has petal width \(cm\)"):
        expert.predict([{"table": Table.of(IRIS.drop(columns="petal width (cm)"))}])
    with pytest.raises(BadRequest, match="rows like those that the model was fitted to"):
        expert.predict([{"table": Table.of(IRIS.assign(**{"petal width (cm)": "wide"}))}])
    with pytest.raises(BadRequest, match="a table of rows, or features of one row"):
        expert.predict([{}])


def test_a_broken_file_is_named(tmp_path):
    expert = expert_of(LogisticRegression(max_iter=500).fit(IRIS, SPECIES), tmp_path / "iris")
    (tmp_path / "iris" / "tried.skops").write_bytes(b"PK nothing")
    with pytest.raises(InvalidExpert, match=r"tried\.skops, which does not load"):
        expert.load("cpu")
