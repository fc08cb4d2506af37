"""Artifacts of every kind: from files good and bad, through JSON and back, on disk by sha256."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from orchestrator.artifact import (
    ARTIFACT_CLASSES,
    Artifact,
    Audio,
    File,
    Image,
    Json,
    Labels,
    Table,
    Text,
    Video,
    kind_of,
)
from orchestrator.decoding import decode_text, separator_of
from orchestrator.errors import BadRequest

SWATCH = Pillow.new("RGB", (4, 3), (200, 30, 60))
TONE = np.sin(np.linspace(0, 440 * 2 * np.pi, 8000)).astype(np.float32) / 2  # (S,), one second at 8 kHz
FRAME = pd.DataFrame({"city": ["Köln", "北京"], "people": [1, 22]})


def png() -> bytes:
    return Image.of(SWATCH).read_bytes()


def wav(num_samples: int = 8000) -> bytes:
    return Audio.of(TONE[:num_samples], 8000).read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text"), ("README.MD", "text"), ("a.png", "image"), ("a.b.JPEG", "image"), ("a.wav", "audio"),
        ("a.mp3", "audio"), ("a.mp4", "video"), ("a.csv", "table"), ("a.xlsx", "table"), ("a.json", "json"),
        ("a.pdf", "file"), ("a", "file"), (".png", "file"), ("folder/图.png", "image"),
    ],
)  # fmt: skip
def test_kind_of(name: str, kind: str) -> None:
    assert kind_of(name) == kind


FILES: list[tuple[str, bytes, type[Artifact], str, Any]] = [
    ("note.txt", "Grüße 你好".encode(), Text, "text/plain", "Grüße 你好"),
    ("page.md", b"\xef\xbb\xbf# Title", Text, "text/markdown", "# Title"),
    ("photo.png", png(), Image, "image/png", None),
    ("tone.wav", wav(), Audio, "audio/x-wav", None),
    ("film.mp4", b"\x00\x00\x00\x18ftyp", Video, "video/mp4", None),
    ("table.csv", b"a,b\n1,2\n", Table, "text/csv", None),
    ("data.json", b'{"b": [1, null], "a": "\xc3\xa9"}', Json, "application/json", {"b": [1, None], "a": "é"}),
    ("all.zip", b"PK\x03\x04", File, "application/zip", None),
    ("no_ending", b"?", File, "application/octet-stream", None),
]


@pytest.mark.parametrize(("name", "data", "cls", "media_type", "value"), FILES, ids=[f[0] for f in FILES])
def test_a_file_becomes_the_artifact_of_its_ending(
    name: str, data: bytes, cls: type[Artifact], media_type: str, value: Any, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    artifact = Artifact.from_path(path)
    assert type(artifact) is cls
    assert artifact.model_dump() == {
        "kind": cls.default_kind,
        "media_type": media_type,
        "sha256": hashlib.sha256(data).hexdigest(),
        "num_bytes": len(data),
        "name": name,
        "path": path,
        "value": value,
    }
    assert artifact.read_bytes() == data
    again = Artifact.model_validate_json(artifact.model_dump_json())
    assert (type(again), again.model_dump(), again.read_bytes()) == (cls, artifact.model_dump(), data)


def test_a_class_takes_any_ending(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(png())
    artifact = Image.from_path(path)
    assert (type(artifact), artifact.media_type) == (Image, "image/png")
    assert artifact.pil().size == (4, 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "legal"),
    [
        ("missing.png", None, "a file that exists"),
        ("empty.png", b"", "a file that is not empty"),
        ("folder", "folder", "a single file, not a folder"),
        ("broken.json", b'{"a": ', "valid JSON (Expecting value: line 1 column 7 (char 6))"),
        ("picture.txt", png(), "text in a known encoding"),
        ("picture.json", png(), "text in a known encoding"),
    ],
)
def test_a_bad_file_is_refused_at_once(name: str, content: Any, legal: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(BadRequest) as caught:
        Artifact.from_path(path)
    assert (caught.value.field, caught.value.legal) == ("files", legal)
    assert name in str(caught.value.value)


@pytest.mark.parametrize(
    ("artifact", "decode"),
    [
        (Image.from_bytes(b"words, not a picture", name="x.png"), lambda a: a.pil()),
        (Image.from_bytes(png()[:-30], name="x.png"), lambda a: a.pil()),
        (Audio.from_bytes(b"words, not a sound", name="x.wav"), lambda a: a.samples()),
        (Table.from_bytes(png(), name="x.csv"), lambda a: a.frame()),
        (Table.from_bytes(b"a,b\n1,2\n", name="x.xlsx"), lambda a: a.frame()),
        (Table.from_bytes(b"a,b\n1,2,3\n4\n5,6,7,8\n", name="x.csv"), lambda a: a.frame()),
    ],
    ids=["no picture", "cut picture", "no sound", "picture as table", "CSV as workbook", "ragged table"],
)
def test_a_wrong_ending_shows_when_somebody_looks(artifact: Any, decode: Any) -> None:
    with pytest.raises(BadRequest, match=r"^the file 'x\.") as caught:
        decode(artifact)
    assert caught.value.remedy


# -- text in all encodings ---------------------------------------------------------------------------------------------

ENGLISH = "The pump – model “XR-2000” – weighs 4 kg and costs 5 €."
GERMAN = "Die Pumpe fördert 40 Liter je Minute. Für größere Höhen ist ein Übergangsstück nötig."
CHINESE = "设备的保修期是两年，自购买之日起计算。请保留发票。"
RUSSIAN = (
    "Гарантийный срок на насос составляет два года со дня покупки. Сохраняйте чек. "
    "Обслуживание насоса проводится каждые шесть месяцев, замена фильтра раз в год."
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "utf-8"), (ENGLISH, "cp1252"), (ENGLISH, "utf-16"),
        ("Größe: 5 m", "latin-1"), (GERMAN, "latin-1"), (GERMAN, "cp1252"), ("Café crème à 5 €, déjà vu.", "cp1252"),
        (GERMAN * 10, "latin-1"),
        ("你好，世界", "gb18030"), ("型号 XR-200 的价格是 5 元", "gb18030"), (CHINESE, "gb18030"),
        (CHINESE * 20, "gb18030"),
        (CHINESE, "utf-8-sig"), (CHINESE, "utf-16"), (CHINESE, "utf-16-le"),
        ("保固期為兩年，自購買之日起計算。" * 5, "big5"),
        (RUSSIAN, "cp1251"),
    ],
)  # fmt: skip
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(text.encode(encoding))
    assert Artifact.from_path(path).value == text


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x80\x00\xff\x00" * 50, b"\x89PNG\r\n\x1a\n\x00\x00\xff"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest, match="text in a known encoding"):
        decode_text(data, "x.txt")


# -- values ------------------------------------------------------------------------------------------------------------


def test_equality_is_of_kind_and_bytes() -> None:
    assert Text("a") == Text("a", name="other")
    assert len({Text("a"), Text("a"), Text("b")}) == 2
    assert Text("a") != Text("b")
    assert Text("1") != Json("1")
    assert Image.from_bytes(b"x") != File.from_bytes(b"x")
    assert Json({"a": 1, "b": 2}) == Json({"b": 2, "a": 1})
    assert Text("a") != "a"
    assert Text(value="hi") == Text("hi")


def test_every_kind_has_its_class() -> None:
    assert {kind: cls.default_kind for kind, cls in ARTIFACT_CLASSES.items()} == {
        kind: kind for kind in ("text", "image", "audio", "video", "table", "labels", "json", "file")
    }


def test_labels_stand_best_first() -> None:
    labels = Labels({"pore": 0.2, "crack": 0.7, "none": 0.1})
    assert list(labels.scores.items()) == [("crack", 0.7), ("pore", 0.2), ("none", 0.1)]
    assert (labels.top, labels.confidence) == ("crack", 0.7)
    assert (Labels({}).top, Labels({}).confidence, Labels({}).scores) == ("", 0.0, {})
    again = Artifact.model_validate_json(labels.model_dump_json())
    assert isinstance(again, Labels)
    assert list(again.scores.items()) == list(labels.scores.items())


def test_json_holds_plain_values_only() -> None:
    value = {
        "z": np.float32(1.5),
        "a": np.arange(3),
        "t": (1, 2),
        "s": {"b", "a"},
        "d": pd.Timestamp("2024-02-03"),
        "n": None,
        "i": np.int64(7),
    }
    plain = {"z": 1.5, "a": [0, 1, 2], "t": [1, 2], "s": ["a", "b"], "d": "2024-02-03 00:00:00", "n": None, "i": 7}
    artifact = Json(value)
    assert (artifact.value, list(artifact.value)) == (plain, list(plain))
    assert Json.model_validate_json(artifact.model_dump_json()).value == plain
    assert json.loads(artifact.read_bytes()) == plain


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, "text"])
def test_json_of_nothing_much(value: Any) -> None:
    again = Artifact.model_validate_json(Json(value).model_dump_json())
    assert (again.value, again.read_bytes()) == (value, Json(value).read_bytes())


def test_bytes_in_memory_do_not_travel_in_json() -> None:
    picture = Image.of(SWATCH, name="swatch.png")
    written = picture.model_dump_json()
    assert len(written) < 400
    assert base64.b64encode(png())[:40].decode() not in written
    again = Artifact.model_validate_json(written)
    assert again == picture
    with pytest.raises(BadRequest, match="only its description came along"):
        again.read_bytes()


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav())
    artifact = Artifact.from_path(path)
    path.unlink()
    with pytest.raises(BadRequest, match=r"the file 'tone\.wav'.*No such file"):
        artifact.read_bytes()


def test_textual_kinds_come_from_bytes() -> None:
    assert Text.from_bytes("你好".encode(), name="a.txt").text == "你好"
    assert Json.from_bytes(b'{"a": 1}').value == {"a": 1}
    with pytest.raises(BadRequest, match=r"the file 'a\.json' must be valid JSON"):
        Json.from_bytes(b"{", name="a.json")


# -- on disk -----------------------------------------------------------------------------------------------------------


def test_bytes_are_stored_once_by_their_sha256(tmp_path: Path) -> None:
    folder = tmp_path / "artifacts"
    picture = Image.of(SWATCH)
    stored = picture.stored_under(folder)
    assert stored == picture
    assert stored.path == folder / f"{picture.sha256}.png"
    assert stored.path.read_bytes() == png()
    assert picture.stored_under(folder).path == stored.path
    assert stored.stored_under(tmp_path / "elsewhere").path == stored.path
    assert [p.name for p in folder.iterdir()] == [f"{picture.sha256}.png"]
    assert Artifact.model_validate_json(stored.model_dump_json()).read_bytes() == png()


def test_many_store_the_same_bytes_at_once(tmp_path: Path) -> None:
    data = bytes(2_000_000)
    errors: list[BaseException] = []

    def store() -> None:
        try:
            assert File.from_bytes(data).stored_under(tmp_path / "a").read_bytes() == data
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=store) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(list((tmp_path / "a").iterdir())) == 1


# -- pictures ----------------------------------------------------------------------------------------------------------


def test_a_picture_stands_upright(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    path = tmp_path / "turned.jpg"
    SWATCH.save(path, exif=exif)
    picture = Image.from_path(path)
    assert isinstance(picture, Image)
    assert (picture.pil().size, picture.pil().mode) == ((3, 4), "RGB")
    assert picture.pil(None).size == (4, 3)
    assert picture.pil("L").mode == "L"


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (20_000, 10_000)])
def test_a_picture_of_a_hundred_megapixels_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    import io

    buffer = io.BytesIO()
    Pillow.new("1", (width, height)).save(buffer, format="PNG")
    picture = Image.from_bytes(buffer.getvalue(), name="poster.png")
    with pytest.raises(BadRequest, match="at most 80 megapixels") as caught:
        picture.pil()
    assert "poster.png" in str(caught.value.value)
    assert caught.value.remedy == "Scale the picture down and attach it again."


# -- recordings --------------------------------------------------------------------------------------------------------


def test_samples_are_mono_at_the_rate_asked_for(tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "stereo.flac"
    soundfile.write(path, np.stack([TONE, -TONE / 2], axis=1), 8000)
    recording = Artifact.from_path(path)
    assert isinstance(recording, Audio)
    samples, rate_hz = recording.samples()
    assert (samples.dtype, rate_hz) == (np.float32, 8000)
    np.testing.assert_allclose(samples, TONE / 4, atol=1e-4)
    samples, rate_hz = recording.samples(16_000)
    assert (samples.shape, rate_hz) == ((16_000,), 16_000)


def test_a_recording_of_0_seconds_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"the file 'nothing\.wav' must be a recording longer than 0 seconds"):
        Audio.from_bytes(wav(0), name="nothing.wav").samples()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="m4a goes through ffmpeg")
def test_what_soundfile_cannot_read_goes_through_ffmpeg() -> None:
    import subprocess

    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "adts", "-c:a", "aac", "pipe:1"]
    aac = subprocess.run(command, input=wav(), capture_output=True, check=True).stdout
    samples, rate_hz = Audio.from_bytes(aac, name="tone.aac").samples()
    assert rate_hz == 8000
    assert 0.9 < samples.size / rate_hz < 1.4


# -- tables ------------------------------------------------------------------------------------------------------------

TABLES = {
    "comma": (b"city,people\nK\xc3\xb6ln,1\n\xe5\x8c\x97\xe4\xba\xac,22\n", "a.csv"),
    "semicolon": ("city;people\nKöln;1\n北京;22\n".encode(), "a.csv"),
    "tab": ("city\tpeople\nKöln\t1\n北京\t22\n".encode(), "a.tsv"),
    "tab in csv": ("city\tpeople\nKöln\t1\n北京\t22\n".encode(), "a.csv"),
    "bar": ("city|people\nKöln|1\n北京|22\n".encode(), "a.csv"),
    "with a mark": ("\ufeffcity,people\nKöln,1\n北京,22\n".encode(), "a.csv"),
    "carriage returns": ("city,people\r\nKöln,1\r\n北京,22\r\n".encode(), "a.csv"),
    "no name": ("city,people\nKöln,1\n北京,22".encode(), ""),
    "quoted": ('"city","people"\n"Köln",1\n"北京",22\n'.encode(), "a.csv"),
    "GB18030": ("city,people\n科隆,1\n北京,22\n".replace("科隆", "北京").encode("gb18030"), "gb.csv"),
}


@pytest.mark.parametrize(("data", "name"), TABLES.values(), ids=list(TABLES))
def test_a_table_is_read_whatever_separates_it(data: bytes, name: str) -> None:
    frame = Table.from_bytes(data, name=name).frame()
    first = "北京" if name == "gb.csv" else "Köln"
    assert frame.to_dict("list") == {"city": [first, "北京"], "people": [1, 22]}


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_table_goes_to_disk_and_back(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"cities.{ending}"
    if ending == "xlsx":
        FRAME.to_excel(path, index=False)
    else:
        path.write_bytes(Table.of(FRAME).read_bytes())
    table = Artifact.from_path(path)
    assert isinstance(table, Table)
    assert table.frame().to_dict("list") == FRAME.to_dict("list")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name\nalice\nbob\n", {"name": ["alice", "bob"]}),
        ("text\nhello, world\nno comma\na, b, c\n", {"text": ["hello, world", "no comma", "a, b, c"]}),
        ("text,label\n\"It is; broken, sadly\",x\nfine; good,y\n", {
            "text": ["It is; broken, sadly", "fine; good"], "label": ["x", "y"]}),
        ("a;b\n1,5;2\n2,5;3\n", {"a": ["1,5", "2,5"], "b": [2, 3]}),
        ('note,n\n"two\nlines",1\nplain,2\n', {"note": ["two\nlines", "plain"], "n": [1, 2]}),
    ],
    ids=["one column", "commas in one column", "semicolons in cells", "decimal commas", "line breaks in cells"],
)  # fmt: skip
def test_cells_are_not_torn_apart(text: str, expected: dict[str, list[Any]]) -> None:
    assert Table.from_bytes(text.encode(), name="a.csv").frame().to_dict("list") == expected


@pytest.mark.parametrize(("text", "sign"), [("", ","), ("a", "\x1f"), ("a,b;c,d\n", ","), ("a;b\n1;2;3\n", ";")])
def test_separator_of(text: str, sign: str) -> None:
    assert separator_of(text) == sign


def test_a_table_of_nothing_but_a_header_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"the file 'a\.csv' must be a table with a row or more"):
        Table.from_bytes(b"city,people\n", name="a.csv").frame()


@pytest.mark.parametrize(("kind", "look"), [(Image, "pil"), (Audio, "samples")])
def test_a_wrong_file_is_named_without_addresses_in_memory(kind: type[Artifact], look: str) -> None:
    with pytest.raises(BadRequest) as caught:
        getattr(kind.from_bytes(b"nothing of the kind", name="notes.bin"), look)()
    assert str(caught.value).startswith(f"the file 'notes.bin' must be a readable {kind.default_kind} file (")
    assert "BytesIO" not in str(caught.value)
