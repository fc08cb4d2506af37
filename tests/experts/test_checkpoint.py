"""Tiny checkpoints that the test trains and saves become experts: a text, an image and two audio classifiers."""

import json
import shutil
from pathlib import Path

import numpy
import pytest
from PIL import Image as Pillow

from experts.checkpoint import TransformersClassifier, windows
from experts.local import describe
from orchestrator.artifact import Audio, Image, Text
from orchestrator.config import load_settings
from orchestrator.errors import BadRequest, InvalidExpert, NotAdmitted
from orchestrator.expert import Expert
from orchestrator.registry.stored import StoredExpert

SENTENCES = {
    "the seam has a crack": "crack",
    "a long crack runs through it": "crack",
    "crack in the weld": "crack",
    "the weld is full of holes": "pore",
    "small pore in the seam": "pore",
    "a pore and many holes": "pore",
    "the seam is fine": "good",
    "a good weld": "good",
    "it is a good seam": "good",
}
README = """---
license: apache-2.0
model_name: acme/weld-notes
datasets:
- acme/inspections
model-index:
- name: acme/weld-notes
  results:
  - task: {type: text-classification}
    dataset: {name: inspections 2024, type: acme/inspections}
    metrics:
    - {type: accuracy, value: 0.91}
---
# Weld notes
"""


def overfitted(model, inputs, truth, steps: int = 60):
    """The model after it has learned these few examples by heart."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(steps):
        loss = model(**inputs, labels=torch.tensor(truth)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weld_notes")
    words = sorted({word for text in SENTENCES for word in text.split()})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=16)
    labels = sorted(set(SENTENCES.values()))
    config = BertConfig(
        vocab_size=len(words) + 5,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    inputs = tokenizer(list(SENTENCES), padding=True, return_tensors="pt")
    truth = [labels.index(label) for label in SENTENCES.values()]
    overfitted(BertForSequenceClassification(config), inputs, truth).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text(README)
    return folder


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory) -> Path:
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("colours")
    labels = ["red", "green", "blue"]
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=16,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    processor = ViTImageProcessor(size={"height": 16, "width": 16})
    pictures = [Pillow.new("RGB", (20, 20), colour) for colour in labels]
    inputs = processor(images=pictures, return_tensors="pt")
    overfitted(ViTForImageClassification(config), inputs, [0, 1, 2]).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def tone(frequency_hz: float, duration_s: float = 1.0) -> numpy.ndarray:
    return 0.5 * numpy.sin(2 * numpy.pi * frequency_hz * numpy.arange(int(16_000 * duration_s)) / 16_000)


@pytest.fixture(scope="module")
def audio_folder(tmp_path_factory) -> Path:
    """AST hears spectra at once, so that a few steps teach it a low from a high tone."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tones")
    config = ASTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_length=64,
        num_mel_bins=32,
        id2label={0: "low", 1: "high"},
        label2id={"low": 0, "high": 1},
    )
    extractor = ASTFeatureExtractor(max_length=64, num_mel_bins=32)
    pitches_hz = [150, 200, 250, 2500, 3000, 3500]
    inputs = extractor([tone(pitch_hz) for pitch_hz in pitches_hz], sampling_rate=16_000, return_tensors="pt")
    overfitted(ASTForAudioClassification(config), inputs, [0, 0, 0, 1, 1, 1]).save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def described(folder: Path, **options) -> StoredExpert:
    given = {"name": None, "description": None, "examples": (), "settings": load_settings({})} | options
    stored, source = describe(f"path:{folder}", **given)
    assert source == folder.resolve()
    return stored


def loaded(folder: Path, stored: StoredExpert, target: Path) -> TransformersClassifier:
    """The expert from a copy of the named files alone, as the registry keeps it."""
    assert TransformersClassifier(folder, stored).predict([]) == []
    stored.save(target)
    for name in stored.options["files"]:
        shutil.copy2(folder / name, target / name)
    expert = TransformersClassifier(target, StoredExpert.read(target))
    expert.load("cpu")
    return expert


def test_a_text_checkpoint_answers_as_it_was_trained(text_folder, tmp_path):
    stored = described(text_folder, name="weld_notes", examples=("Read this weld note",))
    expert = loaded(text_folder, stored, tmp_path / "weld_notes")
    predictions = expert.predict([{"text": Text(text)} for text in SENTENCES])
    assert [p.outputs["labels"].top for p in predictions] == list(SENTENCES.values())
    assert expert.predict([{"text": "crack in the seam"}])[0].outputs["labels"].top == "crack"
    for text, prediction in zip(SENTENCES, predictions, strict=True):
        single = expert.predict([{"text": Text(text)}])[0]
        assert single.outputs["labels"].scores == pytest.approx(prediction.outputs["labels"].scores, abs=1e-5)
        assert single.confidence == single.outputs["labels"].confidence
    assert expert.predict([{"text": "crack " * 200}])[0].outputs["labels"].top == "crack"
    assert expert.predict([]) == []
    assert isinstance(expert, Expert)
    expert.unload()


def test_its_card_says_what_config_and_readme_say(text_folder):
    card = described(text_folder, name="weld_notes", examples=("Read this weld note",)).card
    assert card.description == "Classifies a weld note as crack, good or pore."
    assert (card.task, card.licence, card.author, card.model, card.training_data, card.openness) == (
        "text-classification",
        "Apache-2.0",
        "acme",
        "acme/weld-notes",
        "acme/inspections",
        "unknown",
    )
    assert card.examples[0] == "Read this weld note"
    assert "Which category does this weld note belong to?" in card.examples
    assert [(m.name, m.value, m.data) for m in card.metrics] == [
        ("accuracy", 0.91, "declared by its model card on inspections 2024, not measured here")
    ]
    assert card.revision.startswith("sha256:")
    assert card.resources.gpu_bytes > (text_folder / "model.safetensors").stat().st_size


def test_an_image_checkpoint_sees_colours(image_folder, tmp_path):
    stored = described(image_folder)
    assert stored.card.task == "image-classification"
    assert (stored.card.licence, stored.card.author) == ("NOASSERTION", "unknown")
    expert = loaded(image_folder, stored, tmp_path / "colours")
    colours = ["blue", "red", "green"]
    batch = [{"image": Image.of(Pillow.new("RGB", (50, 30), colour))} for colour in colours]
    assert [prediction.outputs["labels"].top for prediction in expert.predict(batch)] == colours
    with pytest.raises(BadRequest, match="a readable image file"):
        expert.predict([{"image": Image.from_bytes(b"none")}])


def test_an_audio_checkpoint_hears_low_and_high(audio_folder, tmp_path):
    stored = described(audio_folder, name="tones")
    assert (stored.card.task, stored.card.description) == ("audio-classification", "Classifies a tone as low or high.")
    expert = loaded(audio_folder, stored, tmp_path / "tones")
    batch = [{"audio": Audio.of(tone(hz, s), 16_000)} for hz, s in ((180, 1.0), (3200, 1.0), (220, 0.7), (2800, 33.5))]
    predictions = expert.predict(batch)
    assert [prediction.outputs["labels"].top for prediction in predictions] == ["low", "high", "low", "high"]
    assert sum(predictions[3].outputs["labels"].scores.values()) == pytest.approx(1.0)
    high = Audio.of(0.5 * numpy.sin(2 * numpy.pi * 3000 * numpy.arange(44_100) / 44_100), 44_100)
    assert expert.predict([{"audio": high}])[0].outputs["labels"].top == "high"


def test_a_wav2vec2_checkpoint_gives_in_a_batch_what_it_gives_alone(tmp_path):
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8, 8),
        conv_kernel=(10, 8, 4),
        conv_stride=(10, 8, 4),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        num_feat_extract_layers=3,
        id2label={0: "speech", 1: "music"},
        label2id={"speech": 0, "music": 1},
    )
    Wav2Vec2ForSequenceClassification(config).save_pretrained(tmp_path / "w")
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "w")
    stored = described(tmp_path / "w")
    assert stored.card.task == "audio-classification"
    expert = loaded(tmp_path / "w", stored, tmp_path / "copy")
    batch = [{"audio": Audio.of(tone(440, s), 16_000)} for s in (0.8, 2.0, 0.001, 0.8)]
    together = [prediction.outputs["labels"].scores for prediction in expert.predict(batch)]
    alone = [expert.predict([inputs])[0].outputs["labels"].scores for inputs in batch]
    assert together == [pytest.approx(scores, abs=1e-5) for scores in alone]
    assert set(together[0]) == {"speech", "music"}


def test_windows_cover_a_long_recording():
    assert windows(16_000, 16_000) == [slice(0, 480_000)]
    assert windows(480_000 + 1_000, 16_000) == [slice(0, 480_000)]
    assert windows(1_000_000, 16_000) == [slice(0, 480_000), slice(480_000, 960_000)]
    assert windows(1_010_000, 16_000)[2] == slice(960_000, 1_440_000)


def test_several_labels_at_once_are_scored_apart(text_folder, tmp_path):
    folder = tmp_path / "several"
    shutil.copytree(text_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "problem_type": "multi_label_classification"}))
    expert = loaded(folder, described(folder), tmp_path / "copy")
    scores = expert.predict([{"text": "a good weld"}])[0].outputs["labels"].scores
    assert next(iter(scores)) == "good"
    assert sum(scores.values()) != pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda f: (f / "model.safetensors").write_bytes(b"\x00" * 64), InvalidExpert, "no whole safetensors file"),
        (
            lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-100]),
            InvalidExpert,
            "no whole safetensors file",
        ),
        (lambda f: (f / "model.safetensors").unlink(), InvalidExpert, "a config.json without weights beside it"),
        (lambda f: (f / "config.json").write_text("{"), InvalidExpert, "a config.json that is no JSON"),
        (lambda f: edit(f, architectures=["BertModel"]), InvalidExpert, "the architecture BertModel"),
        (lambda f: edit(f, architectures=None), InvalidExpert, "no architecture in config.json"),
        (lambda f: edit(f, model_type="unheard_of"), InvalidExpert, "a config.json that does not load"),
        (lambda f: edit(f, id2label={"0": "score"}), InvalidExpert, "a regression or ranking model"),
        (lambda f: edit(f, id2label={"0": "a", "1": "a", "2": "b"}), InvalidExpert, "two outputs with one label"),
        (lambda f: edit(f, id2label={"0": "a", "1": "b"}), InvalidExpert, "does not load|weights without"),
        (lambda f: edit(f, num_hidden_layers=3), InvalidExpert, r"weights without bert\.encoder\.layer\.2"),
        (lambda f: strip_tokenizer(f), InvalidExpert, "a tokenizer of 5 words for a model of 2"),
        (lambda f: as_pickle(f), NotAdmitted, "experts.allow_pickle is false"),
        (
            lambda f: edit(f, auto_map={"AutoModelForSequenceClassification": "code.Model"}),
            NotAdmitted,
            "experts.allow_remote_code is false",
        ),
    ],
)
def test_what_is_no_usable_checkpoint_is_refused_with_the_reason(text_folder, tmp_path, change, error, message):
    folder = tmp_path / "weld_notes"
    shutil.copytree(text_folder, folder)
    change(folder)
    with pytest.raises(error, match=message) as caught:
        described(folder)
    assert caught.value.remedy


def test_a_pickle_loads_where_the_settings_allow_it(text_folder, tmp_path):
    folder = tmp_path / "weld_notes"
    shutil.copytree(text_folder, folder)
    as_pickle(folder)
    stored = described(folder, settings=load_settings({"experts": {"allow_pickle": True}}))
    assert stored.options["pickle"] is True
    expert = loaded(folder, stored, tmp_path / "copy")
    assert expert.predict([{"text": "a good weld"}])[0].outputs["labels"].top == "good"


def edit(folder: Path, **changes) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def strip_tokenizer(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name.startswith(("tokenizer", "vocab", "special")):
            path.unlink()


def as_pickle(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
