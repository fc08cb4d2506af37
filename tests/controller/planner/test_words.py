"""Words shared by a request and texts: rare ones count more, endings and function words do not."""

from __future__ import annotations

import math

import pytest

from orchestrator.controller.planner.words import shared_words, word_stems


def test_words_are_stems_and_pairs_of_characters():
    assert word_stems("The cities of the Rhine, 2024") == {"city", "rhin", "2024"}
    assert word_stems("天气预报 in Oslo") == {"天气", "气预", "预报", "oslo"}
    assert word_stems("of the") == frozenset()


def test_rare_words_count_more():
    texts = ("book a flight", "book a hotel", "cancel flights", "")
    common, rare = math.log(1 + 4 / 2), math.log(1 + 4)
    assert shared_words("Please book a room in any hotel", texts) == [
        pytest.approx(common / (2 * common)),
        1.0,
        0.0,
        0.0,
    ]
    assert shared_words("cancel it", texts) == [0.0, 0.0, pytest.approx(rare / (rare + common)), 0.0]
    assert shared_words("", texts) == [0.0] * 4
