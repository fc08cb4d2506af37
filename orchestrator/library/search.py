"""Search: full text and vectors together over one library. Knows no file and no answer.

Candidates come from the full-text index (BM25 of SQLite's FTS5 over segmented words) and from the vectors; each then
gets a score in [0, 1] from what both say of it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.errors import BadRequest, EmptyLibrary, IndexMismatch
from orchestrator.language import content_words, words
from orchestrator.library.citations import page_of
from orchestrator.library.encoding import encoded
from orchestrator.library.index import VectorIndex, unpacked
from orchestrator.library.store import Store, identifiers
from orchestrator.types import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_K = 100
# The shares were chosen on one half of a public set of questions and checked on the other: docs/library.md.
COSINE_SHARE = 0.4
TITLE_WEIGHT = 0.5
CONTEXT_NUMBER_WEIGHT = 2.0
CONTEXT_WORD_WEIGHT = 0.25
_MAX_TERMS = 40
_CANDIDATES_EACH = 60
# BM25 with k1 = 1.2 counts a term at most k1 + 1 times its rarity (Robertson and Zaragoza 2009, equation 3.15).
_MAX_GAIN = 2.2


@dataclass(frozen=True)
class Term:
    """A word of the query as an FTS5 expression, and how much it counts."""

    match: str
    weight: float = 1.0


@dataclass
class _Candidate:
    """A chunk that the full text or the vectors found, with what the full text says of it."""

    covered: float = 0.0  # weighted rarity of the terms that it holds
    gained: float = 0.0  # the same, each term times its BM25 over the largest possible


@dataclass(frozen=True)
class _Scope:
    """Which chunks a search may see, as a condition of SQL over documents `d`."""

    condition: str
    values: tuple[str, ...] = field(default=())


class Search:
    """Finds passages in one store; safe to use from several threads."""

    def __init__(self, store: Store, index: VectorIndex) -> None:
        self._store = store
        self._index = index

    def __call__(
        self, text: str, k: int, *, context: str, access: Collection[str], without: Collection[str]
    ) -> list[Passage]:
        """See `Library.search`."""
        if not text.strip():
            raise BadRequest("text", text, "a text that is not empty")
        if not 1 <= k <= MAX_K:
            raise BadRequest("k", k, f"1 to {MAX_K}")
        self._check_embeddings()
        terms = query_terms(text, context)
        read_along = " ".join(identifiers(context)[:5])
        query = encoded(self._store.embedding, [f"{text} {read_along}".strip()])[0]
        scope = self._scope(access, without)
        num_candidates = max(2 * k, _CANDIDATES_EACH)
        found = self._by_words(terms, num_candidates, scope)
        if query is not None:
            found |= self._index.nearest(query, num_candidates, self._hidden(scope)).keys()
        scores = self._scored(sorted(found), terms, query)
        return self._passages(sorted(scores, key=lambda chunk: (-scores[chunk], chunk)), scores, k, scope)

    def _check_embeddings(self) -> None:
        embeddings = self._store.embeddings()
        if not embeddings:
            raise EmptyLibrary(f"the library {self._store.library!r} holds no document")
        others = ", ".join(sorted(set(embeddings) - {self._store.embedding}))
        if others:
            raise IndexMismatch(
                f"vectors of the encoder {others} cannot be searched with {self._store.embedding}",
                f"Set the embedding model to {others} again, or add the same paths again to encode them anew.",
            )

    def _scope(self, access: Collection[str], without: Collection[str]) -> _Scope:
        labels, ids = ["", *access], list(without)
        condition = f"d.library = ? AND d.access IN ({_marks(labels)}) AND d.id NOT IN ({_marks(ids)})"
        return _Scope(condition, (self._store.library, *labels, *ids))

    def _hidden(self, scope: _Scope) -> list[int]:
        """Chunks of this library outside the scope."""
        rows = self._store.database.connection.execute(
            "SELECT c.id FROM documents d CROSS JOIN chunks c ON c.document = d.id"
            f" WHERE d.library = ? AND NOT ({scope.condition})",
            (self._store.library, *scope.values),
        )
        return [int(row[0]) for row in rows]

    def _by_words(self, terms: Sequence[Term], num_candidates: int, scope: _Scope) -> set[int]:
        """The chunks in which the terms count most."""
        if not terms:
            return set()
        any_term = " OR ".join(term.match for term in terms)
        match = f"{{context words}} : ({any_term}) AND library : {self._store.key}"
        rows = self._store.database.connection.execute(
            "SELECT w.rowid FROM chunk_words w JOIN chunks c ON c.id = w.rowid JOIN documents d ON d.id = c.document"
            f" WHERE chunk_words MATCH ? AND {scope.condition} ORDER BY bm25(chunk_words, 0.0, ?, 1.0) LIMIT ?",
            (match, *scope.values, TITLE_WEIGHT, num_candidates),
        )
        return {int(row[0]) for row in rows}

    def _scored(
        self, chunks: Sequence[int], terms: Sequence[Term], query: NDArray[np.float32] | None
    ) -> dict[int, float]:
        """A score in [0, 1] for each chunk.

        COSINE_SHARE of it is the cosine; the rest is half the share of the query's rarity that the chunk holds, half
        its BM25 over the largest BM25 possible. Query and chunk that the encoder both cannot read are compared by words
        alone; where it reads one of them, they are of different languages and the cosine counts as 0.
        """
        candidates = {chunk: _Candidate() for chunk in chunks}
        rarity = self._count_words(candidates, terms)
        scores: dict[int, float] = {}
        rows = self._store.database.connection.execute(
            f"SELECT id, vector FROM chunks WHERE id IN ({_marks(chunks)})", list(chunks)
        )
        for row in rows:
            said = candidates[row["id"]]
            by_words = (said.covered + said.gained) / (2 * rarity) if rarity else 0.0
            if query is None and row["vector"] is None:
                scores[row["id"]] = by_words
                continue
            cosine = 0.0
            if query is not None and row["vector"] is not None:
                cosine = float(unpacked(row["vector"]) @ query)
            scores[row["id"]] = COSINE_SHARE * min(max(cosine, 0.0), 1.0) + (1 - COSINE_SHARE) * by_words
        return scores

    def _count_words(self, candidates: dict[int, _Candidate], terms: Sequence[Term]) -> float:
        """Fill in what the full text says of the candidates; gives the weighted rarity of all terms together."""
        connection = self._store.database.connection
        num_chunks = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
        chunks = list(candidates)
        total = 0.0
        for term in terms:
            match = f"{{context words}} : {term.match}"
            frequency = connection.execute("SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?", (match,))
            holding = frequency.fetchone()[0]
            odds = (num_chunks - holding + 0.5) / (holding + 0.5)
            rarity = term.weight * math.log(1 + odds)
            # FTS5 multiplies by log(odds), which is nothing in a small library where half the chunks hold the term.
            factor = max(math.log(odds), 1e-6)
            total += rarity
            rows = connection.execute(
                "SELECT rowid, -bm25(chunk_words, 0.0, ?, 1.0) FROM chunk_words WHERE chunk_words MATCH ?"
                f" AND rowid IN ({_marks(chunks)})",
                (TITLE_WEIGHT, match, *chunks),
            )
            for chunk, gain in rows:
                candidates[chunk].gained += rarity * min(gain / factor / _MAX_GAIN, 1.0)
                candidates[chunk].covered += rarity
        return total

    def _passages(self, chunks: Sequence[int], scores: dict[int, float], k: int, scope: _Scope) -> list[Passage]:
        """The first k chunks that are still there and in scope, as passages."""
        passages: list[Passage] = []
        for chunk in chunks:
            if scores[chunk] <= 0.0:
                break
            row = self._store.database.connection.execute(
                "SELECT c.start, c.end, substr(d.text, c.start + 1, c.end - c.start) AS text, d.id, d.title, d.uri,"
                " d.sha256, d.page_starts, d.access, d.licence, d.author"
                f" FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id = ? AND {scope.condition}",
                (chunk, *scope.values),
            ).fetchone()
            if row is not None:
                passages.append(_passage(row, scores[chunk]))
            if len(passages) == k:
                break
        return passages


def query_terms(text: str, context: str = "") -> list[Term]:
    """The words of a query and of what was read along with it, each once; no character of theirs is FTS5 syntax."""
    terms: dict[str, Term] = {}
    for number in identifiers(context):
        terms.setdefault(number, Term(_quoted(number), CONTEXT_NUMBER_WEIGHT))
    for word in content_words(text) or words(text):
        _put(terms, word, 1.0)
    for number in identifiers(text):
        terms.setdefault(number, Term(_quoted(number)))
    for word in content_words(context):
        _put(terms, word, CONTEXT_WORD_WEIGHT)
    return list(terms.values())[:_MAX_TERMS]


def _put(terms: dict[str, Term], word: str, weight: float) -> None:
    word = word.removesuffix("'s").removesuffix("’s")
    joined = "".join(identifiers(word))
    if joined:  # a number that is written in several ways: xr-2000, XR 2000, xr2000
        terms.setdefault(joined, Term(f"({_quoted(word)} OR {_quoted(joined)})", weight))
    else:
        terms.setdefault(word, Term(_quoted(word), weight))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _passage(row: sqlite3.Row, score: float) -> Passage:
    fields = {
        key: row[key] for key in ("title", "uri", "sha256", "start", "end", "text", "access", "licence", "author")
    }
    starts = tuple(map(int, str(row["page_starts"]).split()))
    return Passage(document=row["id"], page=page_of(starts, row["start"]), score=min(score, 1.0), **fields)
