"""check_card: holds an expert's card against what is needed to find, run and credit it. Runs no model."""

from __future__ import annotations

from orchestrator.expert import Expert
from orchestrator.language import has_chinese
from orchestrator.types import ExpertCard, Value


class Finding(Value):
    """Something that a card lacks; an error makes the expert unusable, the rest makes it worse than it could be."""

    field: str
    message: str
    is_error: bool = False


class CheckReport(Value):
    """What `baton experts check` found."""

    expert: str
    findings: tuple[Finding, ...]

    @property
    def is_usable(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


def check_card(expert: Expert) -> CheckReport:
    """The findings on an expert's card, errors first."""
    card = expert.card
    findings = [*_missing(card), *_port_findings(card), *_example_findings(card)]
    if list(expert.predict([])):
        findings.append(Finding(field="predict", message="an empty batch must give an empty list", is_error=True))
    return CheckReport(expert=card.name, findings=tuple(sorted(findings, key=lambda f: not f.is_error)))


def _missing(card: ExpertCard) -> list[Finding]:
    wanted = {
        "description": "one or two plain sentences; the controller reads them",
        "task": "the Hugging Face name of the task; fallback looks for experts of the same task",
        "licence": "an SPDX id; it travels with every answer",
        "author": "whom answers credit",
        "limits": "one true sentence on what it cannot do",
    }
    return [
        Finding(field=field, message=message, is_error=field == "description")
        for field, message in wanted.items()
        if not getattr(card, field)
    ]


def _port_findings(card: ExpertCard) -> list[Finding]:
    findings = []
    if not card.outputs:
        findings.append(Finding(field="outputs", message="one output port or more", is_error=True))
    if not card.inputs:
        findings.append(Finding(field="inputs", message="one input port or more", is_error=True))
    findings.extend(
        Finding(field=f"inputs.{port.name}", message="a description; it is what a person is asked for")
        for port in card.inputs
        if port.required and not port.description
    )
    return findings


def _example_findings(card: ExpertCard) -> list[Finding]:
    findings = []
    if sum(not has_chinese(example) for example in card.examples) < 2:
        findings.append(Finding(field="examples", message="two English example requests or more"))
    if not any(has_chinese(example) for example in card.examples):
        findings.append(Finding(field="examples", message="a Chinese example request, if Chinese users ask"))
    return findings
