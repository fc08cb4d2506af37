"""ChatModelComposer: any LangChain chat model writes from the findings; every sentence is checked before it counts.

Knows no provider. A sentence that its evidence does not support is labelled as the model's own; where the model fails,
the extractive answer is given.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.composer.composer import Emit
from orchestrator.composer.draft import AnswerDraft
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
        draft = AnswerDraft(language_of(request.text), emit)
        supports = _say_checked(draft, written, evidence)
        if not any(value >= phrases()["thresholds"]["support"] for value in supports):
            return answer_from(findings, request, plan, results, emit)
        for lookup in findings.lookups:
            if not lookup.passages:
                draft.say(unanswered(lookup, language_of(request.text)), support=0.0)
        for failure in findings.failures:
            draft.say(failed(failure, language_of(request.text)), failure.citation, support=0.0)
        is_whole = not findings.failures and all(v > 0 for v in supports)
        return draft.finish(
            "answered" if is_whole else "partial",
            results,
            confidence=min(plan.confidence, *supports, fallback.confidence or 1.0),
            artifacts=findings.artifacts,
        )

    async def _written(self, request: Request, evidence: list[tuple[str, SourceCitation | ExpertCitation]]) -> str:
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


def _evidence(findings: Findings) -> list[tuple[str, SourceCitation | ExpertCitation]]:
    found: list[tuple[str, SourceCitation | ExpertCitation]] = [(s.text, s.citation) for s in findings.statements]
    for lookup in findings.lookups:
        found.extend((e.text, source_citation(e)) for e in lookup.evidence)
        for passage in lookup.passages[:_MAX_PASSAGES]:
            for start, end in sentences(passage.text):
                citation = SourceCitation(
                    document=passage.document,
                    title=passage.title,
                    uri=passage.uri,
                    sha256=passage.sha256,
                    start=passage.start + start,
                    end=passage.start + end,
                    page=passage.page,
                    quote=passage.text[start:end],
                    licence=passage.licence,
                    author=passage.author,
                )
                if all(citation != known for _, known in found):
                    found.append((passage.text[start:end], citation))
    return found


def _as_data(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("<evidence>", "").replace("</evidence>", "")


def _say_checked(
    draft: AnswerDraft, written: str, evidence: list[tuple[str, SourceCitation | ExpertCitation]]
) -> list[float]:
    """Say each sentence with the citations that support it, else labelled as the model's own; gives the supports."""
    threshold = phrases()["thresholds"]["support"]
    supports: list[float] = []
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
            if support(sentence, best[0]) >= threshold:
                cited, value = [best], support(sentence, best[0])
        if value >= threshold:
            origin = "source" if any(isinstance(c, SourceCitation) for _, c in cited) else "expert"
            draft.say(sentence, *(c for _, c in cited), support=value, origin=origin)  # type: ignore[arg-type]
        else:
            draft.say(phrases()[language_of(sentence)]["model"].format(sentence=sentence), support=0.0, origin="model")
            value = 0.0
        supports.append(value)
    return supports
