"""baton trace: list, show, and a replay that says how far it came out the same."""

from __future__ import annotations

import pytest

from orchestrator.artifact import Audio
from orchestrator.ledger.replay import ReplayReport, _are_alike
from orchestrator.ledger.traces import Trace


def asked(baton, *arguments):
    return baton("ask", *arguments, "--json").json["trace_id"]


def test_runs_are_listed_newest_first_and_shown_in_full(baton_call, sales):
    first = asked(baton_call, "Which region has the highest revenue?", "--file", sales)
    second = asked(baton_call, "Sing me a song about the sea")
    runs = [Trace.model_validate(run) for run in baton_call("trace", "list", "--limit", 2, "--json").json]
    assert [(run.id, run.status) for run in runs] == [(second, "abstained"), (first, "answered")]
    lines = baton_call("trace", "list").out.splitlines()
    assert lines[0].startswith(second)
    assert lines[1].endswith("Which region has the highest revenue?")
    trace = Trace.model_validate(baton_call("trace", "show", first, "--json").json)
    assert trace == runs[1]
    shown = baton_call("trace", "show", first).out
    assert "request: Which region has the highest revenue?" in shown
    assert "file sales.csv (text/csv, sha256 " in shown
    assert "s1 = table_question(table=file 1, question=request[0:37])" in shown
    assert trace.answer.text in shown


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_run(baton_call, command):
    called = baton_call("trace", command, "nothing", "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "UnknownRun")


def test_a_run_without_a_step_has_nothing_to_replay(baton_call):
    called = baton_call("trace", "replay", asked(baton_call, "Sing me a song about the sea"))
    assert called.status == 1
    assert "ran no step, so there is nothing to replay" in called.err


def test_a_question_to_a_table_replays_to_the_same_bytes(baton_call, sales):
    run = asked(baton_call, "Plot the revenue by region and tell me the total revenue.", "--file", sales)
    called = baton_call("trace", "replay", run, "--json")
    report = ReplayReport.model_validate(called.json)
    assert (called.status, report.run_id, report.agreement) == (0, run, "same")
    assert sorted(step.expert for step in report.steps) == ["table_plot", "table_question"]
    assert all(step.before == step.now and step.before for step in report.steps)
    assert baton_call("trace", "replay", run).out.splitlines()[-1] == "in all: the same"


def test_speech_replays_alike(baton_call):
    pytest.importorskip("espeakng_loader")
    run = asked(baton_call, "Say “The train to the harbour leaves at nine o'clock in the morning” aloud")
    called = baton_call("trace", "replay", run, "--json")
    assert called.status == 0
    assert ReplayReport.model_validate(called.json).agreement in ("same", "alike")


def test_a_file_that_changed_since_replays_differently(baton_call, sales):
    run = asked(baton_call, "What is the total revenue?", "--file", sales)
    sales.write_text(sales.read_text().replace("210", "211"))
    called = baton_call("trace", "replay", run)
    assert (called.status, called.out.splitlines()) == (1, ["  s1 table_question: different", "in all: different"])


def test_recordings_are_alike_by_length():
    import numpy

    tone = numpy.sin(numpy.arange(16_000) / 9)
    recording = Audio.of(tone, 16_000)
    assert _are_alike(recording, Audio.of(0.9 * tone[:15_800], 16_000))
    assert not _are_alike(recording, Audio.of(tone[:15_000], 16_000))
    assert _are_alike(Audio.from_bytes(b"gone"), Audio.from_bytes(b"gone"))
    assert not _are_alike(Audio.from_bytes(b"gone"), recording)


def test_a_run_is_verified_until_its_document_or_its_file_changes(baton_call, sales, tmp_path):
    manual = tmp_path / "manual.txt"
    manual.write_text("The KX-90 must be oiled every 5 weeks. Use the blue oil.")
    assert baton_call("library", "add", manual).status == 0
    run = asked(baton_call, "How often must the KX-90 be oiled?")
    called = baton_call("trace", "verify", run, "--json")
    assert (called.status, called.json["holds"]) == (0, True)
    assert "citation [1] manual" in [one["what"] for one in called.json["checked"]]
    manual.write_text("The KX-90 must be oiled every 7 weeks. Use the blue oil.")
    assert baton_call("library", "add", manual).status == 0
    called = baton_call("trace", "verify", run)
    assert (called.status, "CHANGED  citation [1] manual" in called.out) == (1, True)

    run = asked(baton_call, "Which region has the highest revenue?", "--file", sales)
    assert baton_call("trace", "verify", run).out.splitlines()[-1] == "everything holds"
    sales.write_text(sales.read_text().replace("1", "2"))
    called = baton_call("trace", "verify", run, "--json")
    assert [one["what"] for one in called.json["checked"] if not one["holds"]] == ["attachment sales.csv"]
