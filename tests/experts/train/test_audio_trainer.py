"""Folders of synthesised recordings become an expert that hears them apart."""

from pathlib import Path

import numpy
import pytest
import soundfile

from experts.train.audio import train
from experts.train.head import TrainedClassifier
from experts.train.media import labelled_files
from experts.train.sound_features import SoundFeatures
from orchestrator.artifact import Artifact, Audio
from orchestrator.errors import BadRequest, TrainingDataError
from orchestrator.registry.stored import StoredExpert

RATE_HZ = 16_000


def sound(label: str, seed: int) -> numpy.ndarray:
    """A tone, hiss, a rising chirp or clicks, of random pitch, loudness and length, in light noise."""
    random = numpy.random.default_rng(seed)
    time_s = numpy.arange(int(RATE_HZ * random.uniform(0.6, 1.4))) / RATE_HZ
    match label:
        case "tone":
            clean = numpy.sin(2 * numpy.pi * random.uniform(200, 900) * time_s)
        case "hiss":
            clean = random.normal(0, 0.4, len(time_s))
        case "chirp":
            clean = numpy.sin(2 * numpy.pi * (300 + random.uniform(800, 1600) * time_s) * time_s)
        case _:
            clean = numpy.zeros(len(time_s))
            clean[:: int(RATE_HZ * random.uniform(0.05, 0.12))] = 1.0
    return (random.uniform(0.2, 0.8) * clean + random.normal(0, 0.005, len(time_s))).astype(numpy.float32)


LABELS = ("tone", "hiss", "chirp", "clicks")


def write_folder(root: Path, num_each: int = 8) -> Path:
    for label in LABELS:
        (root / label).mkdir(parents=True)
        for seed in range(num_each):
            suffix = "flac" if seed % 2 else "wav"
            soundfile.write(root / label / f"{seed}.{suffix}", sound(label, seed), RATE_HZ)
    return root


@pytest.fixture(scope="module")
def expert(tmp_path_factory) -> TrainedClassifier:
    data = write_folder(tmp_path_factory.mktemp("audio") / "machine_sounds")
    folder = tmp_path_factory.mktemp("experts") / "machine_sounds"
    stored = train(data, name="machine_sounds", folder=folder)
    stored.save(folder)
    expert = TrainedClassifier(folder, StoredExpert.read(folder))
    expert.load("cpu")
    return expert


def test_it_tells_new_recordings_apart(expert):
    wanted = [(label, seed) for label in LABELS for seed in range(100, 105)]
    batch = [{"audio": Audio.of(sound(label, seed), RATE_HZ)} for label, seed in wanted]
    found = [prediction.outputs["labels"].top for prediction in expert.predict(batch)]
    assert found == [label for label, _ in wanted]


def test_its_card(expert):
    card = expert.card
    assert card.description == "Classifies a machine sound as chirp, clicks, hiss or tone."
    assert card.training_data.startswith("machine_sounds: 32 recordings (chirp 8, clicks 8, hiss 8, tone 8), sha256 ")
    assert [port.kind for port in card.inputs] == ["audio"]
    assert card.metrics[0].value > 0.85
    assert card.metrics[0].data == "5-fold cross-validation on 32 recordings"


def test_loudness_and_rate_hardly_change_the_answer(expert):
    quiet = Audio.of(0.2 * sound("tone", 7), RATE_HZ)
    fast = Audio.of(numpy.sin(2 * numpy.pi * 440 * numpy.arange(44_100) / 44_100), 44_100)
    assert [p.outputs["labels"].top for p in expert.predict([{"audio": quiet}, {"audio": fast}])] == ["tone", "tone"]


def test_features_are_finite_for_silence_and_for_a_click():
    features = SoundFeatures()
    rows = features([Audio.of(numpy.zeros(16_000), RATE_HZ), Audio.of(numpy.ones(3) * 0.5, RATE_HZ)])
    assert rows.shape[0] == 2
    assert numpy.isfinite(rows).all()


def test_an_encoder_of_transformers_takes_the_place_of_the_statistics(tmp_path):
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(32, 32),
        conv_kernel=(32, 10),
        conv_stride=(16, 10),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
    )
    Wav2Vec2Model(config).save_pretrained(tmp_path / "encoder")
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "encoder")
    data = write_folder(tmp_path / "sounds", num_each=6)
    stored = train(data, name="sounds", folder=tmp_path / "expert", encoder=str(tmp_path / "encoder"))
    expert = TrainedClassifier(tmp_path / "expert", stored)
    expert.load("cpu")
    wanted = [(label, seed) for label in LABELS for seed in range(100, 104)]
    batch = [{"audio": Audio.of(sound(label, seed), RATE_HZ)} for label, seed in wanted]
    found = [prediction.outputs["labels"].top for prediction in expert.predict(batch)]
    # Random weights still carry something of the sound on: better than the one in four of guessing.
    assert numpy.mean([a == b for a, (b, _) in zip(found, wanted, strict=True)]) > 0.5
    assert stored.options["encoder"] == str(tmp_path / "encoder")


def test_a_broken_recording_is_a_typed_error(expert):
    with pytest.raises(BadRequest, match="a readable audio file"):
        expert.predict([{"audio": Audio.from_bytes(b"RIFF no sound", name="a.wav")}])


def test_broken_files_are_listed_and_skipped(tmp_path):
    root = write_folder(tmp_path / "sounds", num_each=5)
    (root / "tone" / "broken.wav").write_bytes(b"RIFFnothing")
    (root / "hiss" / "empty.wav").write_bytes(b"")
    (root / "hiss" / "notes.txt").write_text("recorded on Monday")
    (root / "chirp" / "copy.wav").write_bytes((root / "chirp" / "0.wav").read_bytes())
    notes: list[str] = []
    found = labelled_files(root, "audio", notes.append)
    assert len(found) == 20
    assert notes[0] == "left out 1 files that are no recordings in a sub-folder: notes.txt"
    assert [note.split(" (")[0] for note in notes[1:3]] == [
        "unreadable, left out: hiss/empty.wav",
        "unreadable, left out: tone/broken.wav",
    ]
    assert "left out 1 copies of recordings that stand there twice" in notes
    assert all(isinstance(item, Artifact) for item in found.items)


def test_too_many_broken_files_are_an_error(tmp_path):
    root = write_folder(tmp_path / "sounds", num_each=3)
    for number in range(6):
        (root / "tone" / f"broken{number}.wav").write_bytes(b"RIFF")
    with pytest.raises(TrainingDataError, match=r"6 of 18 files are unreadable: tone/broken0\.wav"):
        labelled_files(root, "audio", lambda note: None)


def test_folders_without_enough_are_an_error(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TrainingDataError, match="has no sub-folder"):
        labelled_files(empty, "audio", lambda note: None)
    (empty / "tone").mkdir()
    with pytest.raises(TrainingDataError, match="holds no recordings in its 1 sub-folders"):
        labelled_files(empty, "audio", lambda note: None)
    soundfile.write(empty / "tone" / "0.wav", sound("tone", 0), RATE_HZ)
    with pytest.raises(TrainingDataError, match="one label, 'tone'"):
        labelled_files(empty, "audio", lambda note: None)
    with pytest.raises(TrainingDataError, match="is not there; recordings are read from a folder"):
        labelled_files(tmp_path / "absent", "audio", lambda note: None)
