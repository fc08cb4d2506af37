"""LibrarySearch: the library as an expert that a plan can name. Knows no answer; the composer words the passages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from orchestrator.artifact import Json, Text
from orchestrator.expert import Inputs, Outcome, Prediction, as_prediction, card_of
from orchestrator.library.library import Library
from orchestrator.types import ExpertCard


class Found(NamedTuple):
    """What a search gives."""

    passages: Annotated[Json, "the passages, best first: text, document, offsets, score"]
    text: Annotated[Text, "the texts of the passages, best first"]


class LibrarySearch:
    """An expert over one library. Its confidence is the score of the best passage."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.card: ExpertCard = card_of(
            self.__call__,
            "library_search",
            "Looks up the passages of the library's documents (manuals, handbooks, policies, price lists, reports) that"
            " answer a question or that concern something read from a picture or a recording.",
            title="library search",
            task="document-retrieval",
            licence="Apache-2.0",
            openness="open-tooling",
            author="The Baton authors",
            model="all-MiniLM-L6-v2" if library.embedding == "embedded" else library.embedding,
            limits="An English question does not find Chinese documents, nor a Chinese one English documents.",
            examples=(
                "What does the manual say about the service interval?",
                "How long is the warranty of this device according to our documents?",
                "Look up the returns policy",
                "Find the passage in the handbook about safety valves",
                "Search our documents for the price of spare parts",
                "Which pressure is allowed? Check the data sheet",
                "手册里对保养周期是怎么说的？",
                "根据我们的文件，这台设备的保修期是多久？",
                "查一下退货政策",
                "在资料库里查找安全注意事项",
            ),
        )

    def load(self, device: str) -> None:
        """Warm the encoder, so that the first search does not wait for it."""
        from orchestrator.library.encoding import encoded

        encoded(self.library.embedding, ["warm"])

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        """One search for each inputs mapping.

        Raises:
            EmptyLibrary: nothing was added yet.
        """
        return [self._prediction(inputs) for inputs in batch]

    def _prediction(self, inputs: Inputs) -> Prediction:
        found = self(**inputs)
        confidence = max((passage["score"] for passage in found.passages.value), default=0.0)
        return as_prediction(self.card, Outcome(found, confidence))

    def unload(self) -> None:
        """Nothing lies on a device: the encoder is shared with the controller."""

    def __call__(
        self,
        query: Annotated[str, "the question"],
        context: Annotated[Text | None, "text that an earlier step read; model numbers in it weigh strongly"] = None,
        k: Annotated[int, "how many passages, 1 to 100"] = 8,
    ) -> Found:
        """The passages that best match `query`, together with what `context` says."""
        found = self.library.search(query, k, context=context.text if context is not None else "")
        passages: list[dict[str, Any]] = [passage.model_dump(mode="json") for passage in found]
        return Found(Json(passages), Text("\n\n".join(passage.text for passage in found)))
