"""Artifact: a typed value that travels by reference, its bytes read only when somebody looks.

Knows how each kind is decoded (Pillow, soundfile, pandas, imported on use) and nothing of requests, plans or experts.
"""

from __future__ import annotations

import hashlib
import io
import json
import mimetypes
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from orchestrator.decoding import decode_text, separator_of
from orchestrator.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

ArtifactKind = Literal["text", "image", "audio", "video", "table", "labels", "json", "file"]

# Pillow warns of decompression bombs from 89 megapixels on; a picture past this is refused before it is decoded.
MAX_IMAGE_PIXELS = 80_000_000

_SUFFIX_KINDS: dict[str, ArtifactKind] = {
    **dict.fromkeys((".txt", ".md", ".rst", ".log"), "text"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac"), "audio"),
    **dict.fromkeys((".mp4", ".mov", ".mkv", ".webm", ".avi"), "video"),
    **dict.fromkeys((".csv", ".tsv", ".xlsx", ".xls", ".parquet"), "table"),
    ".json": "json",
}


def kind_of(name: str) -> ArtifactKind:
    """The artifact kind that a file name's ending stands for; `file` where it stands for none."""
    return _SUFFIX_KINDS.get(Path(name).suffix.lower(), "file")


_IN_MEMORY = re.compile(r"<_io\.BytesIO[^>]*>")  # how libraries name a file that was read before they saw it
_SUFFIXES = {"audio/wav": ".wav", "text/csv": ".csv"}  # where the system's table says nothing or something odd


class Artifact(BaseModel):
    """A typed value: kind, media type and sha256, its bytes in a file or in memory.

    Two artifacts of the same bytes and kind are equal. JSON holds the description and, for short textual kinds, the
    `value`; never the bytes of a picture or a recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    default_kind: ClassVar[ArtifactKind] = "file"
    default_media_type: ClassVar[str] = "application/octet-stream"

    kind: ArtifactKind
    media_type: str
    sha256: str
    num_bytes: int
    name: str = ""
    path: Path | None = Field(default=None, description="where the bytes lie; None while they are in memory")
    value: Any = Field(default=None, description="the content of the textual kinds: text, labels, json")
    _bytes: bytes | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _as_its_kind(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:
        if cls is Artifact and isinstance(data, Mapping) and data.get("kind") in ARTIFACT_CLASSES:
            return ARTIFACT_CLASSES[data["kind"]].model_validate(data)
        return handler(data)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "", media_type: str | None = None) -> Self:
        """An artifact of this class that holds `data` in memory."""
        artifact = cls(
            kind=cls.default_kind,
            media_type=media_type or cls.default_media_type,
            sha256=hashlib.sha256(data).hexdigest(),
            num_bytes=len(data),
            name=name,
        )
        artifact._bytes = data
        return artifact

    @classmethod
    def from_path(cls, path: str | Path) -> Artifact:
        """The file as the artifact class that its ending stands for; its bytes stay on disk.

        Raises:
            BadRequest: no such file, a folder, or an empty file.
        """
        path = Path(path).expanduser().resolve()
        if path.is_dir():
            raise BadRequest("files", str(path), "a single file, not a folder", "Attach the files in it one by one.")
        if not path.is_file():
            raise BadRequest("files", str(path), "a file that exists", "Check the path of the attachment.")
        try:
            num_bytes = path.stat().st_size
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise BadRequest("files", str(path), f"a file that can be read ({error.strerror})") from error
        if num_bytes == 0:
            raise BadRequest("files", str(path), "a file that is not empty", "Attach a file with content.")
        kind = kind_of(path.name) if cls is Artifact else cls.default_kind
        media_type = mimetypes.guess_type(path.name)[0] or ARTIFACT_CLASSES[kind].default_media_type
        value = None
        if kind in ("text", "json"):
            value = decode_text(path.read_bytes(), path.name)
            value = _parsed_json(value, path.name) if kind == "json" else value
        return ARTIFACT_CLASSES[kind](
            kind=kind,
            media_type=media_type,
            sha256=digest,
            num_bytes=num_bytes,
            name=path.name,
            path=path,
            value=value,
        )

    def read_bytes(self) -> bytes:
        """The content as bytes.

        Raises:
            BadRequest: the file is gone, or the artifact came out of JSON without one.
        """
        if self._bytes is not None:
            return self._bytes
        if self.path is not None:
            try:
                return self.path.read_bytes()
            except OSError as error:
                raise self._unreadable(error) from error
        if not isinstance(self, _Valued):
            raise self._unreadable("only its description came along, not its bytes")
        return _encode_value(self.value)

    def stored_under(self, folder: Path) -> Self:
        """The same artifact with its bytes in `folder`, in a file named by sha256; itself where it lies on disk."""
        if self.path is not None:
            return self
        suffix = _SUFFIXES.get(self.media_type) or mimetypes.guess_extension(self.media_type) or ""
        path = folder / f"{self.sha256}{suffix}"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            draft = folder / f"{self.sha256}.{uuid.uuid4().hex}.part"  # its own, as others may store the same bytes
            try:
                draft.write_bytes(self.read_bytes())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        return self.model_copy(update={"path": path})

    def __hash__(self) -> int:
        return hash((self.kind, self.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and (self.kind, self.sha256) == (other.kind, other.sha256)

    def _unreadable(self, error: Exception | str) -> BadRequest:
        label = self.name or f"the {self.kind}"
        reason = _IN_MEMORY.sub(label, str(error)).rstrip(".")
        return BadRequest("files", label, f"a readable {self.kind} file ({reason})", f"Check that {label} opens.")


class _Valued(Artifact):
    """The textual kinds, which hold their content as `value`."""

    def __init__(self, _content: Any = None, /, **fields: Any) -> None:
        if not fields.get("sha256"):
            _content = fields.pop("value", None) if _content is None else _content
            if not isinstance(_content, str):
                _content = json.loads(json.dumps(_content, default=_plain))  # what a ledger gives back, in its order
            data = _encode_value(_content)
            fields = {
                "kind": self.default_kind,
                "media_type": self.default_media_type,
                "sha256": hashlib.sha256(data).hexdigest(),
                "num_bytes": len(data),
                "value": _content,
                **fields,
            }
        super().__init__(**fields)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "", media_type: str | None = None) -> Self:
        text = decode_text(data, name)
        return cls(text if cls.default_kind == "text" else _parsed_json(text, name), name=name)


class Text(_Valued):
    """Text of any language: `Text("hello").text`."""

    default_kind = "text"
    default_media_type = "text/plain"

    if TYPE_CHECKING:  # type checkers would take the fields for the arguments

        def __init__(self, _content: str | None = None, /, **fields: Any) -> None: ...

    @property
    def text(self) -> str:
        return str(self.value)


class Labels(_Valued):
    """Labels with probabilities, best first: `Labels({"crack": 0.9, "pore": 0.1})`."""

    default_kind = "labels"
    default_media_type = "application/vnd.baton.labels+json"

    def __init__(self, _scores: Mapping[str, float] | None = None, /, **fields: Any) -> None:
        if _scores is not None:
            _scores = dict(sorted(((k, float(v)) for k, v in _scores.items()), key=lambda kv: -kv[1]))
        super().__init__(_scores, **fields)

    @property
    def scores(self) -> dict[str, float]:
        """Best first, however they were stored."""
        return dict(sorted((self.value or {}).items(), key=lambda item: -item[1]))

    @property
    def top(self) -> str:
        """The label with the highest probability; empty where there is none."""
        return next(iter(self.scores), "")

    @property
    def confidence(self) -> float:
        """The highest probability; 0 where there is none."""
        return next(iter(self.scores.values()), 0.0)


class Json(_Valued):
    """A JSON value: `Json({"width_px": 640}).value`."""

    default_kind = "json"
    default_media_type = "application/json"

    if TYPE_CHECKING:  # type checkers would take the fields for the arguments

        def __init__(self, _content: Any = None, /, **fields: Any) -> None: ...


class Image(Artifact):
    """A picture. `Image.of(pillow_image)` makes one, `pil()` decodes it."""

    default_kind = "image"
    default_media_type = "image/png"

    @classmethod
    def of(cls, image: PillowImage, name: str = "") -> Self:
        """A Pillow image as a PNG artifact."""
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        return cls.from_bytes(buffer.getvalue(), name=name)

    def pil(self, mode: str | None = "RGB") -> PillowImage:
        """The decoded picture, upright by its EXIF orientation; `mode=None` leaves file, mode and metadata as they are.

        Raises:
            BadRequest: the bytes are no picture, or it has more than MAX_IMAGE_PIXELS pixels.
        """
        import warnings

        from PIL import Image as Pillow
        from PIL import ImageOps

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
                image = Pillow.open(io.BytesIO(self.read_bytes()))
            num_pixels = image.width * image.height
            if num_pixels > MAX_IMAGE_PIXELS:
                raise BadRequest(
                    "files",
                    self.name or "the picture",
                    f"a picture of at most {MAX_IMAGE_PIXELS // 1_000_000} megapixels, not {num_pixels / 1e6:.0f}",
                    "Scale the picture down and attach it again.",
                )
            image.load()
        except BadRequest:
            raise
        except Exception as error:
            if isinstance(error, Pillow.DecompressionBombError):
                raise BadRequest(
                    "files",
                    self.name or "the picture",
                    f"a picture of at most {MAX_IMAGE_PIXELS // 1_000_000} megapixels",
                    "Scale the picture down and attach it again.",
                ) from error
            raise self._unreadable(error) from error
        return image if mode is None else ImageOps.exif_transpose(image).convert(mode)


class Audio(Artifact):
    """A recording. `Audio.of(samples, rate_hz)` makes one, `samples(rate_hz)` decodes it."""

    default_kind = "audio"
    default_media_type = "audio/wav"

    @classmethod
    def of(cls, samples: NDArray[np.floating], rate_hz: int, name: str = "") -> Self:
        """Mono samples in [-1, 1], shape (S,), as a 16-bit WAV artifact."""
        import soundfile

        buffer = io.BytesIO()
        soundfile.write(buffer, samples, rate_hz, format="WAV", subtype="PCM_16")
        return cls.from_bytes(buffer.getvalue(), name=name)

    def samples(self, rate_hz: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Mono samples in [-1, 1], shape (S,), at `rate_hz` (the recording's own rate where None), and that rate.

        Raises:
            BadRequest: the bytes are no recording, or it is 0 seconds long.
        """
        import numpy
        import soundfile

        try:
            frames, own_rate_hz = soundfile.read(io.BytesIO(self.read_bytes()), dtype="float32", always_2d=True)
        except Exception as error:
            frames, own_rate_hz = self._through_ffmpeg(error)
        mono = frames.mean(axis=1)  # (S, channels) -> (S,)
        if mono.size == 0:
            raise BadRequest(
                "files",
                self.name or "the recording",
                "a recording longer than 0 seconds",
                "Record again; this file holds no sound.",
            )
        if rate_hz is not None and rate_hz != own_rate_hz:
            import soxr

            mono, own_rate_hz = soxr.resample(mono, own_rate_hz, rate_hz), rate_hz
        return numpy.ascontiguousarray(mono, dtype=numpy.float32), own_rate_hz

    def _through_ffmpeg(self, first_error: Exception) -> tuple[NDArray[np.float32], int]:
        import soundfile

        program = shutil.which("ffmpeg")
        if program is None:
            raise self._unreadable(first_error) from first_error
        try:
            done = subprocess.run(
                [program, "-v", "error", "-i", "pipe:0", "-f", "wav", "pipe:1"],
                input=self.read_bytes(),
                capture_output=True,
                timeout=120,
            )
            frames, rate_hz = soundfile.read(io.BytesIO(done.stdout), dtype="float32", always_2d=True)
        except Exception as error:
            raise self._unreadable(first_error) from error
        return frames, rate_hz


class Video(Artifact):
    """A film; its bytes only, until an expert decodes it."""

    default_kind = "video"
    default_media_type = "video/mp4"


class Table(Artifact):
    """Rows and columns. `Table.of(frame)` makes one, `frame()` decodes CSV, TSV, spreadsheets and Parquet."""

    default_kind = "table"
    default_media_type = "text/csv"

    @classmethod
    def of(cls, frame: pd.DataFrame, name: str = "") -> Self:
        """A pandas frame as a CSV artifact, its index left out."""
        return cls.from_bytes(frame.to_csv(index=False).encode(), name=name)

    def frame(self) -> pd.DataFrame:
        """The decoded table; the first sheet of a workbook.

        Raises:
            BadRequest: the bytes are no table, or it has no row.
        """
        import pandas

        suffix = Path(self.name).suffix.lower()
        try:
            if suffix in (".xlsx", ".xls"):
                frame = pandas.read_excel(io.BytesIO(self.read_bytes()))
            elif suffix == ".parquet":
                frame = pandas.read_parquet(io.BytesIO(self.read_bytes()))
            else:
                text = decode_text(self.read_bytes(), self.name)
                separator = "\t" if suffix == ".tsv" else separator_of(text)
                frame = pandas.read_csv(io.StringIO(text), sep=separator)
        except BadRequest:
            raise
        except Exception as error:
            raise self._unreadable(error) from error
        if frame.empty:
            raise BadRequest(
                "files", self.name or "the table", "a table with a row or more", "Attach a table with rows."
            )
        return frame


class File(Artifact):
    """Any other file."""


ARTIFACT_CLASSES: dict[str, type[Artifact]] = {
    cls.default_kind: cls for cls in (Text, Image, Audio, Video, Table, Labels, Json, File)
}


def unread(kind: ArtifactKind, name: str = "") -> Artifact:
    """An artifact of which only the kind is known, and perhaps the name: planning looks at no more."""
    own = ARTIFACT_CLASSES[kind]
    digest = hashlib.sha256(name.encode()).hexdigest()
    return own(kind=kind, media_type=own.default_media_type, sha256=digest, num_bytes=0, name=name, value="")


def _encode_value(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    """What JSON does not know: numpy scalars and arrays as numbers and lists, sets as lists, all else in words."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return sorted(value, key=str) if isinstance(value, (set, frozenset)) else str(value)


def _parsed_json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadRequest("files", name or "the JSON file", f"valid JSON ({error})", "Correct the JSON file.") from error
