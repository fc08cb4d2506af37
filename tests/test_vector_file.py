"""Vectors of cards survive the process, and a file that does not fit is only a slower start."""

from __future__ import annotations

import numpy

from orchestrator.vector_file import VectorFile


def test_what_one_process_read_the_next_one_knows(tmp_path):
    file = VectorFile(tmp_path / "vectors" / "planner.npz", "reader 1")
    vector = numpy.arange(4, dtype=numpy.float16)
    file.add({"天气": vector})
    file.save()
    again = VectorFile(tmp_path / "vectors" / "planner.npz", "reader 1")
    assert numpy.array_equal(again.get("天气"), vector)
    assert again.get("weather") is None


def test_another_reader_or_a_broken_file_begins_anew(tmp_path):
    path = tmp_path / "planner.npz"
    file = VectorFile(path, "reader 1")
    file.add({"a": numpy.ones(4, dtype=numpy.float16)})
    file.save()
    assert VectorFile(path, "reader 2").get("a") is None
    path.write_bytes(b"PK broken")
    assert VectorFile(path, "reader 1").get("a") is None


def test_nothing_is_written_where_nothing_was_added(tmp_path):
    VectorFile(tmp_path / "planner.npz", "reader 1").save()
    assert not (tmp_path / "planner.npz").exists()
