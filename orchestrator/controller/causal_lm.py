"""CausalLM: a transformers model in this process that reads tokens and gives logits, and keeps what it has read.

Knows no plan and no grammar. The keys and values of the longest common beginning with the prompt before are used again,
so a fixed header and list of cards is read once (prefix caching: the first tokens must be equal). Layers that
forget (sliding windows, recurrent states) cannot go back: for those a copy after the fixed part is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from numpy.typing import NDArray

from orchestrator.errors import BadRequest

_STAND_IN = "7f3a0c52request"


class Prompt(NamedTuple):
    """The tokens of a prompt; the first `num_fixed` are the same for every request with these cards."""

    tokens: list[int]
    num_fixed: int


class CausalLM:
    """A language model of one sequence at a time; whoever shares it between threads takes turns.

    Args:
        model: a model id or folder (safetensors only, no remote code), or a loaded transformers model.
        tokenizer: a fast one, for a loaded model; that of the id where None.
        device: "auto" takes a GPU where there is one.
    """

    def __init__(self, model: Any, tokenizer: Any = None, *, device: str = "auto") -> None:
        self._source = model
        self._tokenizer = tokenizer
        self._device = device
        self._model: Any = None
        self._grammar_tokenizer: Any = None
        self._cache: Any = None
        self._copy: tuple[list[int], Any] | None = None
        self._read: list[int] = []
        self._pending: list[int] = []
        self._beginnings: dict[str, tuple[list[int], list[int]]] = {}
        self.num_reused = 0  # tokens of the last prompt that were not read again
        self.num_passes = 0  # of the model since the last `start`

    def load(self) -> None:
        """Bring the weights to the device; does nothing the second time.

        Raises:
            BadRequest: no such model, no safetensors, or no fast tokenizer.
        """
        if self._model is not None:
            return
        import llguidance.hf
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        device = self._device if self._device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        model = self._source
        if isinstance(model, (str, Path)):
            dtype = torch.float32 if device == "cpu" else "auto"  # bfloat16 is emulated on most CPUs
            try:
                self._tokenizer = self._tokenizer or AutoTokenizer.from_pretrained(str(model))
                model = AutoModelForCausalLM.from_pretrained(str(model), dtype=dtype, use_safetensors=True)
            except (OSError, ValueError) as error:
                raise BadRequest("controller.model", str(self._source), f"a causal language model: {error}") from error
        if not getattr(self._tokenizer, "is_fast", False):
            raise BadRequest("controller.model", str(self._source)[:80], "a model with a fast tokenizer")
        model = model.to(device).eval()
        ends = model.generation_config.eos_token_id if model.generation_config is not None else None
        ends = ends if isinstance(ends, list) else [] if ends is None else [ends]
        if self._tokenizer.eos_token_id is not None:
            ends = sorted({*ends, self._tokenizer.eos_token_id})
        self._grammar_tokenizer = llguidance.hf.from_tokenizer(
            self._tokenizer,
            n_vocab=max(model.config.get_text_config().vocab_size, len(self._tokenizer)),
            eos_token=ends,
        )
        self._model = model

    def unload(self) -> None:
        """Give the memory of what was read back, and of the weights where they can be loaded again."""
        self._cache, self._copy, self._read, self._pending = None, None, [], []
        if isinstance(self._source, (str, Path)):
            self._model = None

    @property
    def grammar_tokenizer(self) -> Any:
        """The tokenizer as llguidance wants it."""
        self.load()
        return self._grammar_tokenizer

    @property
    def max_tokens(self) -> int:
        """How many tokens the model can read and write in all."""
        self.load()
        return int(getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or 1 << 30)

    # -- prompts -------------------------------------------------------------------------------------------------------

    def prompt(self, system: str, user: str, data: str) -> Prompt:
        """The beginning of a conversation, in the model's own chat template where it has one.

        Args:
            system: instructions; the same text again costs nothing.
            user: the user's turn, with one `{data}` in it.
            data: stands there; what looks like a control token in it is read as plain letters.
        """
        self.load()
        before, after = self._beginning(system, user)
        inside = self._tokenizer(data, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return Prompt([*before, *inside, *after], len(before))

    def _beginning(self, system: str, user: str) -> tuple[list[int], list[int]]:
        for special in self._tokenizer.all_special_tokens:
            system = system.replace(special, " ")
        known = self._beginnings.get(system + user)
        if known is None:
            before, after = self._rendered(system, user.replace("{data}", _STAND_IN)).split(_STAND_IN)
            known = (self._tokens(before), self._tokens(after))
            self._beginnings = {**dict(list(self._beginnings.items())[-7:]), system + user: known}
        return known

    def _rendered(self, system: str, user: str) -> str:
        if not getattr(self._tokenizer, "chat_template", None):
            return f"{self._tokenizer.bos_token or ''}{system}\n\n{user}\n"
        options = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
        turn = {"role": "user", "content": user}
        try:
            messages = [{"role": "system", "content": system}, turn]
            rendered = self._tokenizer.apply_chat_template(messages, **options)
        except Exception:  # templates raise their own errors where they know no system turn
            rendered = self._tokenizer.apply_chat_template([{**turn, "content": f"{system}\n\n{user}"}], **options)
        return str(rendered)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    # -- reading -------------------------------------------------------------------------------------------------------

    def start(self, prompt: Prompt) -> None:
        """Begin anew with a prompt; the part that it shares with what was read last is kept."""
        from transformers import DynamicCache
        from transformers.cache_utils import DynamicLayer

        self.load()
        tokens = prompt.tokens
        self.num_passes = 0
        fresh = DynamicCache(config=self._model.config)
        if not all(type(layer) is DynamicLayer for layer in fresh.layers):
            self._start_behind_copy(prompt, fresh)
            return
        shared = 0
        longest = min(len(self._read), len(tokens) - 1)  # the last token is read again: its logits are wanted
        while shared < longest and self._read[shared] == tokens[shared]:
            shared += 1
        if self._cache is None or not shared:
            self._cache, shared = fresh, 0
        else:
            self._cache.crop(shared - len(self._read))
        self._read, self._pending = tokens[:shared], tokens[shared:]
        self.num_reused = shared

    def _start_behind_copy(self, prompt: Prompt, fresh: Any) -> None:
        fixed = prompt.tokens[: prompt.num_fixed]
        is_known = bool(fixed) and self._copy is not None and self._copy[0] == fixed
        if fixed and not is_known:
            self._cache, self._read, self._pending = fresh, [], fixed
            self.logits()
            self._copy = (fixed, self._cache)
        self._cache = copy.deepcopy(self._copy[1]) if fixed and self._copy is not None else fresh
        self._read, self._pending = [*fixed], prompt.tokens[len(fixed) :]
        self.num_reused = len(fixed) if is_known else 0

    def feed(self, tokens: Sequence[int]) -> None:
        """Let these tokens follow; they are read at the next `logits`, all in one pass."""
        self._pending += tokens

    @property
    def num_pending(self) -> int:
        """How many tokens were fed and not read."""
        return len(self._pending)

    def read(self, num_tokens: int) -> NDArray[numpy.float32]:
        """Read so many of the tokens that were fed, in one pass; the logits behind them, (V,)."""
        import torch

        tokens = self._pending[:num_tokens]
        with torch.inference_mode():
            ids = torch.tensor([tokens], device=self._model.device)  # (1, T)
            try:
                output = self._model(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
            except BaseException:
                self._cache, self._read = None, []  # half a pass may stand in it
                raise
            self._read += tokens
            self._pending = self._pending[num_tokens:]
            self.num_passes += 1
            logits: NDArray[numpy.float32] = output.logits[0, -1].float().cpu().numpy()
            return logits

    def logits(self) -> NDArray[numpy.float32]:
        """The next token's logits, (V,), after everything that was fed."""
        return self.read(self.num_pending)
