"""Traces: every run in SQLite, written stage by stage, so that a killed process loses nothing of it.

Knows the types that travel, not the stages that make them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from orchestrator.artifact import Artifact
from orchestrator.database import Database, full_disk_named
from orchestrator.errors import UnknownRun
from orchestrator.types import Answer, OutputValue, Plan, Request, StepResult, Value, new_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    plan TEXT,
    answer TEXT,
    duration_s REAL
);
CREATE INDEX IF NOT EXISTS runs_by_conversation ON runs (conversation_id, created_at);
CREATE TABLE IF NOT EXISTS run_steps (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);
"""
_STEP_RESULT = TypeAdapter(StepResult)


class Trace(Value):
    """One run: the request, the plan, every step's result, the answer; seconds since the epoch, and in all."""

    id: str
    conversation_id: str
    created_at: float
    status: str
    request: Request
    plan: Plan | None = None
    results: tuple[StepResult, ...] = ()
    answer: Answer | None = None
    duration_s: float | None = None


class Traces:
    """The ledger's runs. Artifacts are stored by sha256 beside the database, so that a run can be shown again."""

    def __init__(self, database_path: Path, artifacts_path: Path) -> None:
        self._database = Database(database_path, _SCHEMA)
        self._artifacts_path = artifacts_path

    def begin(self, request: Request) -> str:
        """Accept a request; gives the run's id.

        Raises:
            StorageFull: the disk took no more.
        """
        run_id = new_id()
        stored = self._stored_request(request)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO runs (id, conversation_id, created_at, status, request) VALUES (?, ?, ?, 'running', ?)",
                (run_id, request.conversation_id, time.time(), stored.model_dump_json()),
            )
        return run_id

    def planned(self, run_id: str, request: Request, plan: Plan) -> None:
        """Record the plan, and the request that it is for: it may have recalled attachments of an earlier turn.

        Every attachment then lies on disk by sha256, texts too, so that one that was an earlier answer can be verified.

        Raises:
            StorageFull: the disk took no more.
        """
        request = request.model_copy(update={"artifacts": tuple(map(self._on_disk, request.artifacts))})
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET request = ?, plan = ? WHERE id = ?",
                (request.model_dump_json(), plan.model_dump_json(), run_id),
            )

    def with_stored_outputs(self, result: StepResult) -> StepResult:
        """The result with its pictures, recordings and files on disk instead of in memory."""
        outputs: dict[str, OutputValue] = {}
        for port, output in result.outputs.items():
            outputs[port] = tuple(map(self._stored, output)) if isinstance(output, tuple) else self._stored(output)
        return result.model_copy(update={"outputs": outputs})

    def finished_step(self, run_id: str, result: StepResult) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO run_steps (run_id, position, result) "
                "VALUES (?, (SELECT count(*) FROM run_steps WHERE run_id = ?), ?)",
                (run_id, run_id, result.model_dump_json()),
            )

    def finished(self, run_id: str, answer: Answer) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, answer = ?, duration_s = ? - created_at WHERE id = ?",
                (answer.status, answer.model_dump_json(), time.time(), run_id),
            )

    def ended(self, run_id: str, status: Literal["cancelled", "failed"]) -> None:
        """A run that came to no answer: somebody stopped it, or it raised."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, duration_s = ? - created_at WHERE id = ?", (status, time.time(), run_id)
            )

    def get(self, run_id: str) -> Trace:
        """The run of that id.

        Raises:
            UnknownRun: there is none.
        """
        row = self._database.connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UnknownRun(f"the ledger holds no run {run_id!r}")
        return self._trace(row)

    def latest(self, limit: int = 20) -> list[Trace]:
        """The newest runs, newest first."""
        rows = self._database.connection.execute("SELECT * FROM runs ORDER BY created_at DESC LIMIT ?", (limit,))
        return [self._trace(row) for row in rows.fetchall()]

    def conversation(self, conversation_id: str, limit: int | None = None) -> list[Trace]:
        """The newest `limit` runs of one conversation (all where None), oldest first."""
        rows = self._database.connection.execute(
            "SELECT * FROM runs WHERE conversation_id = ? ORDER BY created_at DESC LIMIT ?",
            (conversation_id, -1 if limit is None else limit),
        )
        return [self._trace(row) for row in reversed(rows.fetchall())]

    def close(self) -> None:
        self._database.close()

    def _stored_request(self, request: Request) -> Request:
        return request.model_copy(update={"artifacts": tuple(map(self._stored, request.artifacts))})

    def _stored(self, artifact: Artifact) -> Artifact:
        return artifact if artifact.value is not None else self._on_disk(artifact)

    def _on_disk(self, artifact: Artifact) -> Artifact:
        with full_disk_named(self._artifacts_path):
            return artifact.stored_under(self._artifacts_path)

    def _trace(self, row: Mapping[str, str]) -> Trace:
        results = self._database.connection.execute(
            "SELECT result FROM run_steps WHERE run_id = ? ORDER BY position", (row["id"],)
        )
        return Trace(
            id=row["id"],
            conversation_id=row["conversation_id"],
            created_at=float(row["created_at"]),
            status=row["status"],
            request=Request.model_validate_json(row["request"]),
            plan=Plan.model_validate_json(row["plan"]) if row["plan"] else None,
            results=tuple(_STEP_RESULT.validate_json(result["result"]) for result in results),
            answer=Answer.model_validate_json(row["answer"]) if row["answer"] else None,
            duration_s=float(row["duration_s"]) if row["duration_s"] is not None else None,
        )
