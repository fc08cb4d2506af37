"""A team's own classifiers: trained or added through the registry, and the very next request can use them."""

from __future__ import annotations

import numpy
import pytest
import soundfile

from benchmarks.own_requests.media import weld_photo
from orchestrator import Orchestrator
from orchestrator.errors import UnknownExpert

RATE_HZ = 16_000
REVIEWS = {
    "battery": ["The battery is empty after two hours", "It does not charge any more", "Charging takes all night"],
    "screen": ["The display has a crack", "Pixels in the corner stay dark", "The screen flickers at low brightness"],
    "shipping": ["The parcel came a week late", "The box was torn when it arrived", "The courier left it in the rain"],
}
ENDINGS = ("", " again", " since Monday", ", sadly", " and nobody helps")


def valve_sound(label: str, seed: int) -> numpy.ndarray:
    """A valve that hums, or one that hisses, of random pitch and loudness."""
    random = numpy.random.default_rng(seed)
    time_s = numpy.arange(int(RATE_HZ * random.uniform(0.6, 1.2))) / RATE_HZ
    clean = {
        "humming": numpy.sin(2 * numpy.pi * random.uniform(150, 400) * time_s),
        "hissing": random.normal(0, 0.4, len(time_s)),
    }[label]
    return (random.uniform(0.3, 0.8) * clean + random.normal(0, 0.01, len(time_s))).astype(numpy.float32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An orchestrator with three experts trained on rows, recordings and pictures."""
    data = tmp_path_factory.mktemp("data")
    rows = [f'"{text}{end}",{label}' for label, texts in REVIEWS.items() for text in texts for end in ENDINGS]
    (data / "complaints.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    for seed in range(10):
        for label in ("humming", "hissing"):
            (data / "valve_sounds" / label).mkdir(parents=True, exist_ok=True)
            soundfile.write(data / "valve_sounds" / label / f"{seed}.wav", valve_sound(label, seed), RATE_HZ)
        for label in ("cracked", "whole"):
            (data / "weld_photos" / label).mkdir(parents=True, exist_ok=True)
            weld_photo(label, seed).save(data / "weld_photos" / label / f"{seed}.png")
    with Orchestrator({}, home=tmp_path_factory.mktemp("home")) as baton:
        train = baton.registry.train
        train("text-classification", data / "complaints.csv", name="complaints")
        train("audio-classification", data / "valve_sounds", name="valve_sounds")
        train("image-classification", data / "weld_photos", name="weld_photos")
        yield baton


def asked(baton, text, *files):
    answer = baton.run(text, files=files)
    return answer.status, [step.expert for step in answer.steps], answer.text


@pytest.mark.parametrize(
    ("request_text", "label"),
    [
        ("Which category of complaint is this: “My phone does not charge since yesterday”?", "battery"),
        ("Classify this complaint: “There is a crack in the display of my tablet”", "screen"),
        ("这条投诉属于哪一类：“The parcel arrived torn and a week late”", "shipping"),
    ],
)
def test_a_text_classifier(trained, request_text, label):
    status, experts, text = asked(trained, request_text)
    assert (status, experts) == ("answered", ["complaints"])
    assert label in text


@pytest.mark.parametrize("request_text", ["Which valve sound is this?", "Classify this sound", "这是哪一种声音？"])
@pytest.mark.parametrize("label", ["humming", "hissing"])
def test_an_audio_classifier(trained, tmp_path, request_text, label):
    soundfile.write(tmp_path / "new.wav", valve_sound(label, 500), RATE_HZ)
    status, experts, text = asked(trained, request_text, tmp_path / "new.wav")
    assert (status, experts) == ("answered", ["valve_sounds"])
    assert label in text


@pytest.mark.parametrize(
    "request_text", ["Is the weld in this photo cracked or whole?", "Classify this weld photo", "把这张图片归类"]
)
@pytest.mark.parametrize("label", ["cracked", "whole"])
def test_an_image_classifier(trained, tmp_path, request_text, label):
    weld_photo(label, 700).save(tmp_path / "new.png")
    status, experts, text = asked(trained, request_text, tmp_path / "new.png")
    assert (status, experts) == ("answered", ["weld_photos"])
    said = text.replace("cracked or whole", "")
    assert label in said
    assert ({"cracked", "whole"} - {label}).pop() not in said


def test_every_picture_of_several_is_classified(trained, tmp_path):
    labels = ["cracked", "whole", "cracked"]
    files = [tmp_path / f"seam{number}.png" for number in range(3)]
    for file, label, seed in zip(files, labels, (800, 801, 802), strict=True):
        weld_photo(label, seed).save(file)
    answer = trained.run("Classify each of these weld photos", files=files)
    assert [item.top for item in answer.steps[0].items("labels")] == labels
    assert all(file.name in answer.text for file in files)


def test_scores_and_data_stand_on_the_card_and_experts_stay_over_a_restart(trained, tmp_path):
    card = trained.registry.card("valve_sounds")
    accuracy = next(metric for metric in card.metrics if metric.name == "accuracy")
    assert 0.8 < accuracy.low <= accuracy.value <= accuracy.high <= 1 or accuracy.value == 1
    assert accuracy.num_samples == 20
    assert "20 " in card.training_data
    with Orchestrator({}, home=trained.settings.home) as again:
        assert {"complaints", "valve_sounds", "weld_photos"} <= {c.name for c in again.registry.cards}
        assert again.registry.problems == []


SENTENCES = {
    "the seam has a crack": "crack",
    "a long crack runs through it": "crack",
    "the weld is full of holes": "pore",
    "small pore in the seam": "pore",
    "the seam is fine": "good",
    "a good weld": "good",
}


@pytest.fixture
def checkpoint(tmp_path):
    """A tiny BERT that has learned six sentences by heart."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    torch.manual_seed(0)
    folder = tmp_path / "weld_notes"
    folder.mkdir()
    words = sorted({word for text in SENTENCES for word in text.split()})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=16)
    labels = sorted(set(SENTENCES.values()))
    config = BertConfig(
        vocab_size=len(words) + 5,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    inputs = tokenizer(list(SENTENCES), padding=True, return_tensors="pt")
    truth = torch.tensor([labels.index(label) for label in SENTENCES.values()])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(**inputs, labels=truth).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_checkpoint_is_added_answers_and_is_gone_once_removed(trained, checkpoint):
    card = trained.registry.store(
        f"path:{checkpoint}", description="Tells what an inspector's note says of a weld.", examples=["Judge this note"]
    )
    assert (card.name, card.task) == ("weld_notes", "text-classification")
    for file in checkpoint.iterdir():
        file.unlink()  # BATON_HOME holds its own copy
    status, experts, text = asked(trained, "Judge this weld note: “small pore in the seam”")
    assert (status, experts) == ("answered", ["weld_notes"])
    assert "pore" in text
    status, experts, text = asked(trained, "这条焊缝记录属于哪一类：“a long crack runs through it”")
    assert (status, experts) == ("answered", ["weld_notes"])
    assert "crack" in text

    trained.registry.remove("weld_notes")
    assert not (trained.settings.experts_path / "weld_notes").exists()
    with pytest.raises(UnknownExpert):
        trained.registry.card("weld_notes")
    assert "weld_notes" not in asked(trained, "Judge this weld note: “small pore in the seam”")[1]
