"""Chinese words begin as their English meanings, so that an English reader understands them before any training."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def known():
    from orchestrator.controller.training.chinese import meanings

    return meanings()


def test_words_have_their_common_meanings(known):
    assert known["天气"] == ("weather",)
    assert known["转换"] == ("change", "switch", "convert")
    assert not any(text.startswith("surname") for texts in known.values() for text in texts)


def test_the_vocabulary_holds_what_requests_say_and_what_is_common(known):
    from orchestrator.controller.training.chinese import vocabulary

    words = vocabulary(known, ["请把会议录音转成文字"] * 50, num_words=300, num_characters=100)
    assert len(words) == 400
    assert {"会议", "录音", "文字"} <= set(words[:300])
    assert all(len(word) == 1 for word in words[300:])


def test_an_untrained_reader_sees_that_both_say_the_same(known):
    import torch

    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.training.chinese import give_meanings
    from orchestrator.minilm import unit_mean

    pairs = [
        ("明天天气怎么样", "What is the weather tomorrow?"),
        ("总结文件", "Summarise the document"),
        ("换算欧元", "Convert euros"),
    ]
    reader = Reader(("明天", "天气", "怎么样", "总结", "文件", "换算", "欧元")).eval()
    give_meanings(reader, known)

    def means(texts):
        tokens = reader.pieces(texts, 32)
        with torch.no_grad():
            return unit_mean(reader(tokens.ids, tokens.mask), tokens.mask)

    alike = means([chinese for chinese, _ in pairs]) @ means([english for _, english in pairs]).T
    assert alike.argmax(1).tolist() == [0, 1, 2]
    assert float(alike.diagonal().min()) > 0.5


def test_english_keeps_its_meaning(known):
    import torch

    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.training.chinese import give_meanings

    plain, grown = Reader().eval(), Reader(("天气",)).eval()
    give_meanings(grown, known)
    tokens = plain.pieces(["Will it rain in Oslo?"], 16)
    with torch.no_grad():
        both = [one(tokens.ids, tokens.mask) for one in (plain, grown)]
    assert torch.equal(*both)
