"""SpeechSegments: the expert that says where in a recording somebody speaks. Knows no words and no speakers."""

from __future__ import annotations

from typing import Annotated

from experts.audio.speech_detector import RATE_HZ, SpeechDetector
from orchestrator.artifact import Audio, Json
from orchestrator.expert import expert


@expert(
    "speech_segments",
    title="Speech detection",
    task="voice-activity-detection",
    licence="MIT",
    openness="open-weights",
    author="Silero Team",
    model="silero_vad_16k_sequence",
    revision="silero-vad 6.2",
    training_data="speech of more than 6,000 languages, collected by Silero; not published",
    limits="It tells speech from other sound, not who speaks or what is said; singing may count as speech.",
    examples=(
        "When does somebody speak in this recording?",
        "How much of the audio is speech?",
        "Find the speech segments",
        "Is there any speech in this file?",
        "Where are the pauses in the recording?",
        "这段录音里什么时候有人说话？",
        "检测录音中的语音片段",
        "录音里有人说话吗？",
    ),
    says={
        "en": (
            "The recording holds {finding}.",
            "Speech fills {speech_s:.1f} of its {duration_s:.1f} seconds.",
            "The first words begin at {first_start_s:.1f} s and the last end at {last_end_s:.1f} s.",
        ),
        "zh": (
            "录音中{finding_zh}。",
            "语音共{speech_s:.1f}秒，录音全长{duration_s:.1f}秒。",
            "第一句从{first_start_s:.1f}秒开始，最后一句到{last_end_s:.1f}秒结束。",
        ),
    },
)
class SpeechSegments:
    """Find when somebody speaks in a recording: begin and end of every stretch, and the speaking time in all."""

    def __init__(self) -> None:
        self._detector: SpeechDetector | None = None

    def load(self, device: str) -> None:
        """Build the ONNX session; it runs on the CPU whatever the device."""
        self._detector = SpeechDetector()

    def unload(self) -> None:
        self._detector = None

    def __call__(self, audio: Annotated[Audio, "recording in any language"]) -> Json:
        assert self._detector is not None
        samples, rate_hz = audio.samples(RATE_HZ)
        stretches = self._detector.stretches(samples)
        speech_s = sum(stretch.duration_s for stretch in stretches)
        number = len(stretches)
        plural = "es" if number > 1 else ""
        return Json(
            {
                "num_segments": number,
                "segments": [{"start_s": round(s.start_s, 2), "end_s": round(s.end_s, 2)} for s in stretches],
                "speech_s": round(speech_s, 2) if stretches else None,
                "duration_s": round(samples.size / rate_hz, 2),
                "first_start_s": round(stretches[0].start_s, 2) if stretches else None,
                "last_end_s": round(stretches[-1].end_s, 2) if stretches else None,
                "finding": f"{number} stretch{plural} of speech" if stretches else "no speech",
                "finding_zh": f"有{number}段语音" if stretches else "没有语音",
            }
        )
