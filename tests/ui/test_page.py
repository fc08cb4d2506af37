"""The page as Gradio builds it, without a browser: a case in the input, nothing from elsewhere, typed errors."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import BadRequest
from ui.chat import appearance, build, launch


def test_a_case_stands_in_the_input(baton: Any, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("a note", encoding="utf-8")
    page = build(baton, text="What does it say?", files=[note])
    value = next(c["props"]["value"] for c in page.config["components"] if c["type"] == "multimodaltextbox")
    assert value["text"] == "What does it say?"
    (file,) = value["files"]
    assert (file["orig_name"], Path(file["path"]).read_text(encoding="utf-8")) == ("note.txt", "a note")


def test_a_file_that_cannot_be_attached_is_refused(baton: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        build(baton, files=[tmp_path / "missing.png"])
    assert (refused.value.field, refused.value.value) == ("files", str(tmp_path / "missing.png"))


def test_a_taken_port_is_named(baton: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadRequest, match=f"port is {port}, but must be a free port"):
            launch(baton, port=port)


def test_nothing_comes_from_elsewhere_and_only_artifacts_may_be_read(baton: Any) -> None:
    options = appearance(baton)
    assert options["allowed_paths"] == [str(baton.settings.artifacts_path)]
    assert options["theme"]._stylesheets == []
    assert not re.search(r"https?:|@import|url\(", options["css"])
    page = build(baton)
    assert page.analytics_enabled is False
