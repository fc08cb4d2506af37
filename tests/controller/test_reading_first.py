"""An expert for texts, asked about a recording or a picture, has it read first."""

from __future__ import annotations

import pytest

from orchestrator.artifact import Audio, Image


@pytest.fixture(scope="module")
def recording():
    import numpy

    return Audio.of(numpy.zeros(1600, dtype=numpy.float32), 16000, name="call.wav")


@pytest.fixture(scope="module")
def photo():
    from PIL import Image as Pillow

    return Image.of(Pillow.new("RGB", (8, 8)), name="page.png")


def steps(plan):
    return [step.expert for step in plan.steps]


@pytest.mark.parametrize(
    ("text", "expert"),
    [
        ("Summarize the recording", "summarize"),
        ("总结这段录音", "summarize"),
        ("Give me a summary of this recording", "summarize"),
        ("What is the sentiment of this recording?", "sentiment"),
    ],
)
def test_of_a_recording(baton, recording, text, expert):
    assert steps(baton.plan(text, [recording])) == ["speech_recognition", expert]


def test_of_a_picture(baton, photo):
    assert steps(baton.plan("Summarize the text in this picture", [photo])) == ["text_recognition", "summarize"]


@pytest.mark.parametrize(
    "text",
    ["Transcribe the recording", "Transcribe the recording.", "Transcribe this voice message", "把录音转写成文字"],
)
def test_reading_alone_stays_reading(baton, recording, text):
    assert steps(baton.plan(text, [recording])) == ["speech_recognition"]
