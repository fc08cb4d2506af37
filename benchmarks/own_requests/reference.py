"""ReferenceController: plans what stands beside a request in its file. Shows what a perfect planner reaches.

Where it falls short, the request, its checker or an expert is at fault, and not a controller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from benchmarks.own_requests.request import OwnRequest
from orchestrator.controller.plan_language import read
from orchestrator.errors import KindMismatch
from orchestrator.types import Plan, Request, Shortlist

_NO_FILE = Plan(status="needs_input", confidence=0.0, question="Which file?")


class ReferenceController:
    """Gives the written plan of the request of that wording; asks where an attachment of it is missing."""

    name = "reference"

    def __init__(self, requests: Iterable[OwnRequest]) -> None:
        self._plans = {request.text: "\n".join(request.plan) for request in requests}

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        """The written plan; a question where the request lacks an attachment of it, or has one of another kind.

        Raises:
            PlanError: the written plan does not fit the cards.
        """
        written = self._plans[request.text]
        num_files = max((int(number) for number in re.findall(r"\$(\d+)", written)), default=0)
        if num_files > len(request.artifacts):
            return _NO_FILE
        try:
            return read(written, request, shortlist.cards)
        except KindMismatch:
            if num_files:
                return _NO_FILE
            raise
