"""registered: the experts that a request would find, without an orchestrator around them."""

from __future__ import annotations

import contextlib

from orchestrator.config import Settings
from orchestrator.errors import NotAdmitted
from orchestrator.library.library import Library
from orchestrator.library.search_expert import LibrarySearch
from orchestrator.registry.registry import Registry


def registered(settings: Settings) -> Registry:
    """A registry of everything installed, of BATON_HOME, and of the search in the configured library."""
    registry = Registry(settings)
    library = Library(settings.home_path, settings.library, embedding=settings.embedding.model)
    with contextlib.suppress(NotAdmitted):  # where experts.allow or experts.deny leaves it out
        registry.add(LibrarySearch(library), "built-in")
    return registry.discover()
