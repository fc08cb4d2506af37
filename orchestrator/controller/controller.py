"""The contract of a controller. Knows no implementation."""

from __future__ import annotations

from typing import Protocol

from orchestrator.types import Plan, Request, Shortlist


class Controller(Protocol):
    """Chooses experts and binds their inputs. Sees cards and the request, never a retrieved text."""

    name: str

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        """The best plan over the shortlist's experts.

        `status` is `planned`, `needs_input` (with the one question to ask) or `abstained` (nothing fits, and why);
        `steps` hold the best plan whatever the status says.
        """
        ...
