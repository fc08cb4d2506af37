"""Gate: of two plans for one request, the rules' and the language model's, the one to take. Pure.

The bounds were found on `benchmarks/own_requests`, by reading its errors.
"""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.controller.follow_up.plans import attachments_read
from orchestrator.types import Plan

SURE = 0.9  # confidence from which on the plan of the rules stands,
SURER = 0.8  # but for one of the model that does the same and more
LIKELY = 0.5  # from which on that of the model does
HARDLY = 0.3  # below which neither is worth more than asking the library for want of anything better


def taken(known: Plan, learnt: Plan, embedded: Collection[str], lookups: Collection[str]) -> Plan:
    """The plan that is likelier right.

    Args:
        known: by the rules.
        learnt: by the model.
        embedded: names of the experts that come with Baton, for which the rules were written.
        lookups: names of the experts that look things up; the rules ask them where nothing else fits.
    """
    if known.status == "planned":
        return _over_a_plan(known, learnt, embedded, lookups)
    if learnt.status == "planned":
        return learnt if learnt.confidence >= HARDLY else known
    return learnt if learnt.status == "needs_input" and learnt.confidence > max(LIKELY, known.confidence) else known


def _over_a_plan(known: Plan, learnt: Plan, embedded: Collection[str], lookups: Collection[str]) -> Plan:
    """The same where the rules have a plan."""
    is_ours = all(step.expert in embedded for step in known.steps)
    if learnt.status != "abstained" and _experts(learnt) == _experts(known):
        if not is_ours:  # what the inputs of a team's expert take, the model has learnt to tell; the rules count
            return learnt
        if learnt.status == "planned":
            return max(known, learnt, key=lambda plan: plan.confidence)
    if known.confidence >= SURE:
        return learnt if learnt.confidence >= SURER and _does_more(learnt, known) else known
    is_last_resort = known.confidence < LIKELY and _only_looks_up(known, lookups)
    if learnt.status == "planned":
        if not is_ours:
            return learnt
        weight = HARDLY if is_last_resort else known.confidence
        is_likelier = learnt.confidence >= min(LIKELY, weight)
        does_less = _does_more(known, learnt) and known.confidence >= learnt.confidence
        return learnt if is_likelier and not does_less and not _leaves_files(learnt, known, lookups) else known
    if learnt.status == "needs_input" and not is_last_resort and learnt.confidence > known.confidence:
        return learnt
    return known


def _leaves_files(learnt: Plan, known: Plan, lookups: Collection[str]) -> bool:
    """Whether a plan does not read what another one does, or looks up what that one finds in it.

    People attach files for a reason.
    """
    if not attachments_read(known):
        return False
    return not attachments_read(learnt) or (_looks_up(learnt, lookups) and not _looks_up(known, lookups))


def _looks_up(plan: Plan, lookups: Collection[str]) -> bool:
    return any(step.expert in lookups for step in plan.steps)


def _only_looks_up(plan: Plan, lookups: Collection[str]) -> bool:
    return all(step.expert in lookups for step in plan.steps if step.asked)


def _does_more(learnt: Plan, known: Plan) -> bool:
    """Whether a plan calls all experts that another one calls, and further ones."""
    return learnt.status == "planned" and _experts(learnt) > _experts(known)


def _experts(plan: Plan) -> set[str]:
    return {step.expert for step in plan.steps}
