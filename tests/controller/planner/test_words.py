"""Words shared by a request and texts: rare ones count more, endings and function words do not."""

from __future__ import annotations

import math

import pytest

from orchestrator.controller.planner.words import content_words, shared_words


def test_words_are_stems_and_pairs_of_characters():
    assert content_words("The cities of the Rhine, 2024") == {"city", "rhin", "2024"}
    assert content_words("天气预报 in Oslo") == {"天气", "气预", "预报", "oslo"}
    assert content_words("of the") == frozenset()


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
