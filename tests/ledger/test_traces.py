"""The ledger of runs: what was written comes back equal, and a killed process loses nothing accepted."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image as Pillow

from orchestrator.artifact import Image, Json, Labels, Text
from orchestrator.errors import BadRequest, StorageFull, UnknownRun
from orchestrator.ledger.traces import Trace, Traces
from orchestrator.types import (
    Answer,
    Attachment,
    Budget,
    ErrorInfo,
    ExpertCitation,
    Literally,
    Output,
    Plan,
    Policy,
    Request,
    Segment,
    SourceCitation,
    Step,
    StepResult,
)

PICTURE = Image.of(Pillow.new("RGB", (5, 4), "navy"), name="sign.png")
REQUEST = Request(
    text="牌子上写了什么？",
    artifacts=(PICTURE, Text("a note")),
    conversation_id="c1",
    budget=Budget(deadline_s=5),
    policy=Policy(allow_effects=("writes",)),
)
PLAN = Plan(
    status="planned",
    confidence=0.9,
    steps=(
        Step(id="s1", expert="ocr", inputs={"image": Attachment(index=0), "k": Literally(value=[1, None])}),
        Step(id="s2", expert="fail", inputs={"text": Output(step="s1", port="text")}),
    ),
)
READ = StepResult(
    step="s1",
    expert="ocr",
    status="done",
    outputs={"text": Text("出口"), "labels": Labels({"b": 0.3, "a": 0.7}), "crops": (PICTURE, PICTURE), "n": Json(3)},
    confidence=0.7,
    started_s=0.25,
    duration_s=1.5,
)
FAILED = StepResult(
    step="s2", expert="fail", status="failed", error=ErrorInfo.of(BadRequest("k", 0, "1")), tried=("other",)
)
ANSWER = Answer(
    status="partial",
    text="上面写着“出口”。[1]",
    segments=(Segment(text="上面写着“出口”。", citations=(0,), support=1.0),),
    citations=(
        ExpertCitation(step="s1", expert="ocr", quote="出口", outputs={"text": "ab"}),
        SourceCitation(document="d", sha256="0" * 64, start=0, end=2, quote="出口"),
    ),
    steps=(READ, FAILED),
    confidence=0.63,
    trace_id="t",
)


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    ledger = Traces(tmp_path / "baton.db", tmp_path / "artifacts")
    yield ledger
    ledger.close()


def test_a_whole_run_comes_back_equal(traces: Traces, tmp_path: Path) -> None:
    began = time.time()
    run_id = traces.begin(REQUEST)
    traces.planned(run_id, REQUEST, PLAN)
    stored = traces.with_stored_outputs(READ)
    traces.finished_step(run_id, stored)
    traces.finished_step(run_id, FAILED)
    traces.finished(run_id, ANSWER)
    trace = traces.get(run_id)
    assert began <= trace.created_at <= time.time()
    assert trace.duration_s is not None
    assert 0 <= trace.duration_s <= time.time() - began
    assert trace.model_copy(update={"created_at": 0.0, "duration_s": None}) == Trace(
        id=run_id,
        conversation_id="c1",
        created_at=0.0,
        status="partial",
        request=REQUEST,
        plan=PLAN,
        results=(stored, FAILED),
        answer=ANSWER,
    )
    assert list(trace.results[0].items("labels")[0].value.items()) == [("a", 0.7), ("b", 0.3)]
    another = Traces(tmp_path / "baton.db", tmp_path / "artifacts")
    assert another.get(run_id) == trace
    another.close()


def test_artifacts_lie_on_disk_by_sha256_and_can_be_seen_again(traces: Traces, tmp_path: Path) -> None:
    run_id = traces.begin(REQUEST)
    traces.finished_step(run_id, traces.with_stored_outputs(READ))
    trace = traces.get(run_id)
    again = trace.request.artifacts[0]
    path = tmp_path / "artifacts" / f"{PICTURE.sha256}.png"
    assert again.path == path
    assert path.read_bytes() == PICTURE.read_bytes()
    assert [item.path for item in trace.results[0].items("crops")] == [path, path]
    assert isinstance(again, Image)
    assert again.pil().size == (5, 4)
    assert list((tmp_path / "artifacts").iterdir()) == [path]  # texts stand in the database itself


def test_a_run_in_the_making_can_be_looked_at(traces: Traces) -> None:
    run_id = traces.begin(REQUEST)
    assert (traces.get(run_id).status, traces.get(run_id).plan, traces.get(run_id).results) == ("running", None, ())
    traces.planned(run_id, REQUEST, PLAN)
    traces.finished_step(run_id, FAILED)
    trace = traces.get(run_id)
    assert (trace.status, trace.plan, trace.results, trace.answer) == ("running", PLAN, (FAILED,), None)


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_run_without_an_answer_says_how_it_ended(status: Literal["cancelled", "failed"], traces: Traces) -> None:
    run_id = traces.begin(REQUEST)
    traces.ended(run_id, status)
    trace = traces.get(run_id)
    assert (trace.status, trace.answer) == (status, None)
    assert trace.duration_s is not None


def test_an_unknown_run_is_named(traces: Traces) -> None:
    with pytest.raises(UnknownRun) as caught:
        traces.get("nope")
    assert caught.value.as_dict() == {
        "type": "UnknownRun",
        "message": "the ledger holds no run 'nope'",
        "remedy": "`baton trace list` shows the latest ids.",
    }


def test_runs_are_listed_newest_first_and_conversations_oldest_first(traces: Traces) -> None:
    ids = [traces.begin(Request(text=str(i), conversation_id="ab"[i % 2])) for i in range(5)]
    assert [trace.id for trace in traces.latest()] == ids[::-1]
    assert [trace.id for trace in traces.latest(2)] == [ids[4], ids[3]]
    assert [trace.id for trace in traces.conversation("a")] == [ids[0], ids[2], ids[4]]
    assert [trace.id for trace in traces.conversation("a", 2)] == [ids[2], ids[4]]  # the newest two
    assert traces.conversation("none") == []


def test_every_attachment_of_a_planned_run_lies_on_disk_by_its_sha256(traces: Traces) -> None:
    run_id = traces.begin(REQUEST)
    traces.planned(run_id, REQUEST, PLAN)
    kept = traces.get(run_id).request.artifacts
    assert kept == REQUEST.artifacts
    assert [(a.path.stem, a.path.read_bytes()) for a in kept if a.path] == [(a.sha256, a.read_bytes()) for a in kept]


def test_a_full_disk_is_named_and_no_half_file_stays(
    traces: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull):
        traces.begin(REQUEST)
    assert list((tmp_path / "artifacts").iterdir()) == []
    assert traces.latest() == []
    monkeypatch.undo()
    assert traces.get(traces.begin(REQUEST)).request == REQUEST


_KILLED = """
import sys, time
from pathlib import Path
from orchestrator.ledger.traces import Traces
from orchestrator.types import Plan, Request, Step, StepResult
from orchestrator.artifact import Text
traces = Traces(Path(sys.argv[1]) / "baton.db", Path(sys.argv[1]) / "artifacts")
request = Request(text="请总结", artifacts=(Text("a note"),), conversation_id="c")
run_id = traces.begin(request)
traces.planned(run_id, request, Plan(status="planned", steps=(Step(id="s1", expert="e"), Step(id="s2", expert="e"))))
traces.finished_step(run_id, StepResult(step="s1", expert="e", status="done", outputs={"text": Text("done")}))
with traces._database.transaction() as connection:
    connection.execute("DELETE FROM run_steps")
    connection.execute("UPDATE runs SET status = 'lost'")
    print(run_id, flush=True)
    time.sleep(60)
"""


def test_a_killed_process_keeps_what_it_accepted(traces: Traces, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()
    trace = traces.get(run_id)
    assert (trace.status, trace.request.text, trace.request.artifacts) == ("running", "请总结", (Text("a note"),))
    assert trace.plan is not None
    assert [step.id for step in trace.plan.steps] == ["s1", "s2"]
    assert trace.results == (StepResult(step="s1", expert="e", status="done", outputs={"text": Text("done")}),)
    assert json.loads(trace.model_dump_json())["answer"] is None
    assert traces.get(traces.begin(REQUEST)).status == "running"  # the next process writes on
