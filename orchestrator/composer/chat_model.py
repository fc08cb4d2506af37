"""ChatModelComposer: any LangChain chat model writes from the findings; every sentence is checked before it counts.

Knows no provider. A sentence that its evidence does not support is labelled as the model's own; where the model fails,
the extractive answer is given.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestrator.composer.composer import Emit
from orchestrator.composer.draft import AnswerDraft
from orchestrator.composer.evidence import Evidence
from orchestrator.composer.extractive import ExtractiveComposer, answer_from, failed, unanswered
from orchestrator.composer.findings import Findings, source_citation
from orchestrator.composer.phrasing import phrases
from orchestrator.composer.verify import support
from orchestrator.language import language_of, sentences
from orchestrator.types import Answer, ExpertCitation, Plan, Request, SourceCitation, StepResult

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_MARKS = re.compile(r"\s*((?:\[\d+(?:\s*[,，]\s*\d+)*\]\s*)+)")
_PROMPT = tomllib.loads((Path(__file__).parent / "chat_model.toml").read_text("utf-8"))
_MAX_PASSAGES = 6
_Evidence = tuple[str, SourceCitation | ExpertCitation]


@dataclass(frozen=True)
class _Checked:
    """A sentence of the model's with what supports it; no citation where nothing does."""

    text: str
    citations: tuple[SourceCitation | ExpertCitation, ...]
    support: float
    origin: Literal["source", "expert", "model"]


class ChatModelComposer:
    """The same findings as the extractive composer's, worded by a chat model and checked by the same rules."""

    def __init__(self, model: BaseChatModel, extractive: ExtractiveComposer) -> None:
        self._model = model
        self._extractive = extractive

    async def compose(
        self, request: Request, plan: Plan, results: Mapping[str, StepResult], emit: Emit | None = None
    ) -> Answer:
        findings = await asyncio.to_thread(self._extractive.gather, request, plan, results)
        evidence = _evidence(findings)
        fallback = answer_from(findings, request, plan, results)
        written = await self._written(request, evidence) if evidence else ""
        checked = _checked(written, evidence)
        if not any(sentence.citations for sentence in checked):  # nothing of it is shown, not even while it streams
            return answer_from(findings, request, plan, results, emit)
        draft = AnswerDraft(language_of(request.text), emit)
        for sentence in checked:
            draft.say(sentence.text, *sentence.citations, support=sentence.support, origin=sentence.origin)
        for lookup in findings.lookups:
            if not lookup.passages:
                draft.say(unanswered(lookup, language_of(request.text)), support=0.0)
        for failure in findings.failures:
            draft.say(failed(failure, language_of(request.text)), failure.citation, support=0.0)
        is_whole = (
            not findings.failures
            and all(lookup.passages for lookup in findings.lookups)
            and all(sentence.citations for sentence in checked)
        )
        return draft.finish(
            "answered" if is_whole else "partial",
            results,
            confidence=min(plan.confidence, *(sentence.support for sentence in checked), fallback.confidence or 1.0),
            artifacts=findings.artifacts,
        )

    async def _written(self, request: Request, evidence: list[_Evidence]) -> str:
        listed = "\n".join(f"[{number}] {_as_data(text)}" for number, (text, _) in enumerate(evidence, start=1))
        messages = [
            ("system", _PROMPT["system"].strip()),
            ("human", _PROMPT["user"].strip().format(evidence=listed, question=request.text)),
        ]
        try:
            async with asyncio.timeout(request.budget.deadline_s):
                reply = await self._model.ainvoke(messages)
        except Exception:  # whatever a provider raises: the extractive answer stands in
            return ""
        text = reply.text if isinstance(reply.text, str) else str(reply.content)
        return "" if _PROMPT["no_answer"] in text else text


def _evidence(findings: Findings) -> list[_Evidence]:
    found: list[_Evidence] = [(s.text, s.citation) for s in findings.statements]
    for lookup in findings.lookups:
        found.extend((e.text, source_citation(e)) for e in lookup.evidence)
        for passage in lookup.passages[:_MAX_PASSAGES]:
            for start, end in sentences(passage.text):
                quote = passage.text[start:end]
                citation = source_citation(
                    Evidence(passage, passage.start + start, passage.start + end, quote, passage.score)
                )
                if all(citation != known for _, known in found):
                    found.append((quote, citation))
    return found


def _as_data(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("<evidence>", "").replace("</evidence>", "")


def _checked(written: str, evidence: Sequence[_Evidence]) -> list[_Checked]:
    """Each sentence with the citations that support it, or labelled as the model's own."""
    threshold = phrases()["thresholds"]["support"]
    checked = []
    # The mark stands behind the full stop or before it; both ways it goes to the sentence that it ends.
    text = re.sub(r"([.!?。！？])\s*((?:\[\d+(?:\s*[,，]\s*\d+)*\]\s*)+)", r" \2\1 ", written)
    for start, end in sentences(text):
        piece = text[start:end]
        numbers = {int(n) for marks in _MARKS.findall(piece) for n in re.findall(r"\d+", marks)}
        sentence = _MARKS.sub("", piece).strip()
        if not re.search(r"\w", sentence):
            continue
        cited = [evidence[n - 1] for n in sorted(numbers) if 0 < n <= len(evidence)]
        value = support(sentence, " ".join(text for text, _ in cited)) if cited else 0.0
        if value < threshold:  # perhaps other evidence supports it
            best = max(evidence, key=lambda item: support(sentence, item[0]))
            cited, value = [best], support(sentence, best[0])
        if value >= threshold:
            citations = tuple(citation for _, citation in cited)
            is_quoted = any(isinstance(citation, SourceCitation) for citation in citations)
            checked.append(_Checked(sentence, citations, value, "source" if is_quoted else "expert"))
        else:
            own = phrases()[language_of(sentence)]["model"].format(sentence=sentence)
            checked.append(_Checked(own, (), 0.0, "model"))
    return checked
