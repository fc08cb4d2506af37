"""LibraryRetriever: a library as LangChain's own retriever. The one module here that imports langchain_core."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever


class LibraryRetriever(BaseRetriever):
    """Passages as LangChain documents; all other fields of a passage stand in the metadata."""

    library: Any
    k: int = 8

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.library.search(query, self.k)
        return [Document(page_content=p.text, metadata=p.model_dump(exclude={"text"})) for p in found]
