"""Reading: how requests, cards and ports become vectors; MiniLM with its upper layers trained, and Chinese words.

Knows no plan. The lower layers and the English vocabulary stay as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.tensors import computes_in_half
from orchestrator.minilm import WIDTH, MiniLMEncoder, WordPieces, through
from orchestrator.types import ExpertCard, Port

NUM_FROZEN_LAYERS = 3
MAX_CARD_TOKENS = 64
MAX_PORT_TOKENS = 24


class Reader(nn.Module):
    """MiniLM whose last layers may be trained, with embeddings of its own for Chinese words and characters.

    Args:
        words: Chinese words and characters; the longest one that fits is one token. Those that MiniLM's vocabulary
            holds get new embeddings too, since it was trained on English.
        is_frozen: only to read with; then numbers are kept in half precision, where the processor computes in it.
    """

    def __init__(self, words: Sequence[str] = (), *, is_frozen: bool = False) -> None:
        super().__init__()
        self.words = tuple(words)
        self.pieces = WordPieces(words)
        # Half the precision and twice the speed, where the processor computes in it.
        self.is_halved = computes_in_half()
        kept = torch.bfloat16 if is_frozen and self.is_halved else torch.float32
        self.encoder = MiniLMEncoder(kept)
        self.register_buffer("rows", torch.full((len(self.pieces),), -1), persistent=False)
        for row, word in enumerate(words):
            self.rows[self.pieces.id_of(word)] = row
        self.added = nn.Embedding(max(1, len(words)), WIDTH, dtype=kept)
        with torch.no_grad():
            self.added.weight.copy_(self.encoder.words.weight.mean(0).expand_as(self.added.weight))
        for parameter in self.encoder.parameters():
            parameter.requires_grad_(False)
        for layer in self.upper_layers:
            for parameter in layer.parameters():
                parameter.requires_grad_(True)

    @property
    def upper_layers(self) -> nn.ModuleList:
        return self.encoder.layers[NUM_FROZEN_LAYERS:]

    @property
    def digest(self) -> str:
        """What tells this reader's weights and words apart from others."""
        found = hashlib.sha256("\n".join(self.words).encode())
        for value in self.trained_state().values():
            found.update(value.cpu().numpy().tobytes())
        return found.hexdigest()

    def trained_state(self) -> dict[str, Tensor]:
        """What training changed: the upper layers, and the words with a byte for each number."""
        state = {f"upper.{name}": value.half() for name, value in self.upper_layers.state_dict().items()}
        added = self.added.weight.detach()
        scale = added.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        return {**state, "added": (added / scale).round().to(torch.int8), "added_scale": scale.half()}

    def load_trained_state(self, state: dict[str, Tensor]) -> None:
        """The opposite of `trained_state`."""
        upper = {k.removeprefix("upper."): v.float() for k, v in state.items() if k.startswith("upper.")}
        self.upper_layers.load_state_dict(upper)
        self.added.load_state_dict({"weight": state["added"].float() * state["added_scale"].float()})

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer, (B, T, D)."""
        return self.upper(self.lower(ids, mask), mask)

    def lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States below the trained layers, (B, T, D); they never change while the words do not."""
        return through(self.encoder.layers[:NUM_FROZEN_LAYERS], self.encoder.embedded(self._words(ids)), mask)

    def upper(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer from those below the trained layers."""
        return through(self.upper_layers, hidden, mask)

    def _words(self, ids: Tensor) -> Tensor:
        """Word embeddings, the added ones among them, (B, T, D)."""
        rows = self.rows[ids]
        is_added = rows >= 0
        base = self.encoder.words(ids.masked_fill(is_added, 0))
        return torch.where(is_added.unsqueeze(-1), self.added(rows.clamp(min=0)), base)


def card_text(card: ExpertCard) -> str:
    """A card in the words that the encoder reads: what it is called and what it is for."""
    return f"{spoken(card.title or card.name)}: {card.description[:400]}"


def card_views(card: ExpertCard) -> tuple[str, str, str]:
    """What a card says of itself: all of it, its name, its description; where one says nothing, the other."""
    name, description = spoken(card.title or card.name), card.description[:400]
    return card_text(card), name or description, description or name


def card_digest(card: ExpertCard) -> str:
    """What tells apart cards that say different things of themselves."""
    return hashlib.sha256(card_text(card).encode()).hexdigest()[:16]


def port_text(port: Port) -> str:
    """A port in the words that the encoder reads."""
    return f"{spoken(port.name)}: {port.description[:160]} ({port.kind})"


def spoken(name: str) -> str:
    """`getWeather_forecast.v2` as words: get weather forecast v2."""
    words: list[str] = []
    for part in name.replace(".", " ").replace("_", " ").replace("-", " ").split():
        begin = 0
        for i in range(1, len(part)):
            if part[i].isupper() and part[i - 1].islower():
                words.append(part[begin:i])
                begin = i
        words.append(part[begin:])
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
