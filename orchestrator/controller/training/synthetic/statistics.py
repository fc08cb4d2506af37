"""What a sample of synthetic cases holds, in counts. Knows no way to make cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.controller.training.synthetic.case import SyntheticCase


@dataclass(frozen=True)
class Description:
    """Counts of cases by language, status, number of steps, links and cards, and wording; of arguments by source."""

    num_cases: int
    languages: dict[str, int]
    statuses: dict[str, int]
    steps: dict[int, int]
    links: dict[int, int]
    cards: dict[int, int]
    arguments: dict[str, int]
    phenomena: dict[str, int]
    domains: dict[str, int]
    num_experts: int
    num_requests: int

    def __str__(self) -> str:
        rows = [f"{self.num_cases} cases, {self.num_requests} different requests, {self.num_experts} experts needed"]
        for name in ("languages", "statuses", "steps", "links", "arguments", "phenomena"):
            counts: dict[object, int] = getattr(self, name)
            rows.append(f"{name}: " + ", ".join(f"{key} {count}" for key, count in counts.items()))
        return "\n".join(rows)


def describe(cases: Iterable[SyntheticCase]) -> Description:
    """The distribution of steps, languages, statuses, links, arguments and wordings over the cases."""
    cases = list(cases)
    nodes = [node for case in cases for node in case.nodes]
    return Description(
        num_cases=len(cases),
        languages=_counts(case.language for case in cases),
        statuses=_counts(case.status for case in cases),
        steps=dict(sorted(Counter(len(case.nodes) for case in cases).items())),
        links=dict(sorted(Counter(len(case.links) for case in cases).items())),
        cards=dict(sorted(Counter(len(case.cards) for case in cases).items())),
        arguments=_counts(argument.source for node in nodes for argument in node.arguments.values()),
        phenomena=_counts(phenomenon for case in cases for phenomenon in case.phenomena),
        domains=_counts(domain for case in cases for domain in case.domains),
        num_experts=len({node.expert for node in nodes}),
        num_requests=len({case.request for case in cases}),
    )


def _counts(items: Iterable[str]) -> dict[str, int]:
    return dict(Counter(items).most_common())
