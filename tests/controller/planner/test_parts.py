"""Parts of a request: which tokens, where they stand, and their vectors."""

from __future__ import annotations

import pytest


def test_parts_are_a_dozen_tokens_and_half_a_dozen():
    import torch

    from orchestrator.controller.planner.parts import covered, parts_of, places_of

    tokens = torch.randn(14, 8)
    parts = parts_of(tokens)
    ranges = [(0, 12), (2, 14), (0, 6), (2, 8), (4, 10), (6, 12), (8, 14), (8, 14)]
    expected = torch.stack([torch.nn.functional.normalize(tokens[a:b].mean(0), dim=-1) for a, b in ranges])
    assert torch.allclose(parts, expected, atol=1e-5)
    assert places_of(14).tolist() == pytest.approx([(a + b) / 28 for a, b in ranges])
    assert covered(14).sum(0).tolist() == [12, 12, 6, 6, 6, 6, 6, 6]
    assert covered(14)[0].tolist() == [True, False, True, *[False] * 5]


def test_a_short_request_is_one_part_twice_and_an_empty_one_is_nowhere():
    import torch

    from orchestrator.controller.planner.parts import covered, parts_of, places_of

    tokens = torch.randn(4, 8)
    assert torch.allclose(parts_of(tokens)[0], parts_of(tokens)[1])
    assert places_of(4).tolist() == [0.5, 0.5]
    assert covered(4).all()
    assert parts_of(torch.zeros(0, 8)).tolist() == [[0.0] * 8] * 2
    assert places_of(0).tolist() == [0.0, 0.0]
