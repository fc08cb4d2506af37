"""How far a quote supports a sentence."""

from __future__ import annotations

import pytest

from orchestrator.composer.verify import support

QUOTE = "The XR-2000 pump weighs 4.5 kg and has a warranty of 24 months."


@pytest.mark.parametrize(
    ("sentence", "quote", "value"),
    [
        ("The pump weighs 4.5 kg.", QUOTE, 1.0),
        ("The warranty is 24 months.", QUOTE, 1.0),
        ("The warranty is 36 months.", QUOTE, 0.0),
        ("The pump weighs 4,5 kg.", QUOTE, 0.0),
        ("The pump does not weigh much.", QUOTE, 1 / 6),
        ("Penguins live in Antarctica.", QUOTE, 0.0),
        ("The pump is red.", QUOTE, 0.5),
        ("", QUOTE, 0.0),
        ("It is so.", QUOTE, 0.0),
        ("Sold: 1,200 units.", "In May 1200 units were sold.", 1.0),
        ("It weighs 1,5 kg.", "It weighs 15 kg.", 0.0),
        ("Turnover was 12,345,678 EUR.", "A turnover of 12345678 EUR.", 1.0),
        ("保修期是24个月。", "设备的保修期为24个月。", 1.0),
        ("保修期是36个月。", "设备的保修期为24个月。", 0.0),
        ("The filter must not be washed.", "The filter must be washed.", 3 / 8),
        ("The filter must not be washed.", "Never wash: the filter must not be washed.", 1.0),
    ],
)
def test_support(sentence: str, quote: str, value: float) -> None:
    assert support(sentence, quote) == pytest.approx(value, abs=0.005)
