"""Citations: exact quotes of stored texts, made and checked. Knows no search and no answer."""

from __future__ import annotations

from bisect import bisect_right

from orchestrator.errors import BadRequest, UnknownDocument
from orchestrator.library.store import Store
from orchestrator.types import Passage, SourceCitation


def quote(store: Store, source: Passage | str, start: int | None, end: int | None) -> SourceCitation:
    """See `Library.quote`."""
    if isinstance(source, Passage):
        start = source.start if start is None else start
        end = source.end if end is None else end
    stored = store.stored_text(source.document if isinstance(source, Passage) else source)
    document = stored.document
    if isinstance(source, Passage) and source.sha256 != document.sha256:
        raise BadRequest("passage", source.document, "a passage of the document as it is now", "Search again.")
    start, end = start or 0, len(stored.text) if end is None else end
    if not 0 <= start < end <= len(stored.text):
        raise BadRequest("offsets", (start, end), f"0 <= start < end <= {len(stored.text)}")
    return SourceCitation(
        document=document.id,
        title=document.title,
        uri=document.uri,
        sha256=document.sha256,
        start=start,
        end=end,
        page=page_of(stored.page_starts, start),
        quote=stored.text[start:end],
        licence=document.licence,
        author=document.author,
    )


def verify(store: Store, citation: SourceCitation) -> bool:
    """See `Library.verify`."""
    try:
        stored = store.stored_text(citation.document)
    except UnknownDocument:
        return False
    in_range = 0 <= citation.start < citation.end <= len(stored.text)
    same_text = stored.document.sha256 == citation.sha256
    return in_range and same_text and stored.text[citation.start : citation.end] == citation.quote


def page_of(page_starts: tuple[int, ...], offset: int) -> int | None:
    """The page, from 1, that an offset lies on; None where the format has no pages."""
    return max(1, bisect_right(page_starts, offset)) if page_starts else None
