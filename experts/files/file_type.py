"""FileType: tells what a file really is from its content with Magika. Knows nothing of what stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from orchestrator.artifact import File, Json, Labels, kind_of
from orchestrator.expert import expert

# Endings that name the same content as another one does in Magika's tables.
_SAME = {"jpe": "jpg", "jfif": "jpg", "oga": "ogg", "opus": "ogg", "text": "txt", "log": "txt", "m4a": "mp4"}
# Content that is written under many endings; plain text only under an ending of a binary format is a lie.
_GENERIC = frozenset({"txt", "unknown", "empty", "undefined"})
_BINARY = frozenset({"7z", "doc", "docx", "exe", "gz", "odt", "pdf", "ppt", "pptx", "sqlite", "xls", "xlsx", "zip"})


class TypeOfFile(NamedTuple):
    """What file type detection gives."""

    labels: Annotated[Labels, "the type's short name with its probability"]
    facts: Annotated[Json, "media type, description, and whether the file's ending fits"]


@expert(
    "file_type",
    title="File type detection",
    licence="Apache-2.0",
    openness="open-model",
    author="Google LLC",
    model="magika standard_v3_3",
    revision="magika 1.0",
    training_data="about 100 million files of more than 200 types, collected by Google; not published",
    limits="Very short files and rare formats come out as plain text or unknown; it does not look for malware.",
    examples=(
        "What kind of file is this?",
        "Which format does this attachment have?",
        "Is this really a PDF?",
        "Does the file extension match the content?",
        "Detect the MIME type of the file",
        "这是什么类型的文件？",
        "这个附件是什么格式？",
        "文件的扩展名和内容一致吗？",
    ),
    says={
        "en": (
            "By its content the file is: {description} ({media_type}), with {confidence} confidence.",
            "Its ending {false_ending} is wrong: such content is usually called {usual_endings}.",
            "Its ending {true_ending} fits the content.",
        ),
        "zh": (
            "从内容看，文件类型是：{description}（{media_type}），置信度为{confidence}。",
            "它的扩展名{false_ending}与内容不符，这类内容通常用{usual_endings}。",
            "它的扩展名{true_ending}与内容相符。",
        ),
    },
)
class FileType:
    """Tell the real type of any file from its content (MIME type and format), and whether its extension is wrong."""

    def __init__(self) -> None:
        self._model: Any = None

    def load(self, device: str) -> None:
        """Read the ONNX model that ships with Magika; it runs on the CPU."""
        from magika import Magika

        self._model = Magika()

    def unload(self) -> None:
        self._model = None

    def __call__(self, file: Annotated[File, "any file, of whatever kind"]) -> TypeOfFile:
        found = self._model.identify_bytes(file.read_bytes())
        kind = found.output
        label = str(kind.label)
        suffix = Path(file.name).suffix.lower()
        fits = _fits(suffix.removeprefix("."), label, kind.extensions)
        if label == "txt" and (suffix[1:] in _BINARY or kind_of(file.name) in ("image", "audio", "video")):
            fits = False
        return TypeOfFile(
            Labels({label: float(found.score)}),
            Json(
                {
                    "type": label,
                    "media_type": kind.mime_type,
                    "description": kind.description,
                    "group": kind.group,
                    "usual_endings": [f".{extension}" for extension in kind.extensions],
                    "ending_fits": fits,
                    "true_ending": suffix if fits else None,
                    "false_ending": suffix if fits is False else None,
                }
            ),
        )


def _fits(extension: str, label: str, usual: list[str]) -> bool | None:
    """Whether an extension belongs to a type; None where there is none or the content does not tell."""
    if not extension:
        return None
    if extension in usual or _SAME.get(extension) in usual or extension == label:
        return True
    return None if label in _GENERIC or not usual else False
