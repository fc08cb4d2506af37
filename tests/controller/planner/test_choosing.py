"""Over cards that training did not know, experts are chosen first and put in the order of the text then."""

from __future__ import annotations

import pytest

from orchestrator.types import ExpertCard, Request

LETTER = ExpertCard(name="translate_letter", description="Translates a letter into another language.")
MILES = ExpertCard(name="convert_miles", description="Converts miles into kilometres.")
POEM = ExpertCard(name="write_poem", description="Writes a poem.")


@pytest.fixture(scope="module")
def controller():
    """A planner that learnt nothing: it goes by what the encoder says alone, and calls no expert twice."""
    import torch

    from orchestrator.controller.compact import CompactController
    from orchestrator.controller.planner.calibration import Calibration
    from orchestrator.controller.planner.configuration import PlannerConfig
    from orchestrator.controller.planner.modeling import Planner
    from orchestrator.controller.planner.reading import Reader
    from orchestrator.controller.planner.vectors import Vectors
    from orchestrator.controller.planner.weights import Weights

    model = Planner(PlannerConfig(num_layers=1, feed_forward_width=64, max_steps=2)).eval()
    for layer in (*model.query, *model.stop[::2]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    with torch.no_grad():
        model.fit_weight[4] = -50.0
        model.order_weight.fill_(-8.0)
    return CompactController.of(Weights(Vectors(Reader().eval()), model, Calibration()))


@pytest.mark.parametrize("cards", [(LETTER, MILES, POEM), (MILES, POEM, LETTER)])
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Translate the letter into German, then convert 26 miles into kilometres.",
            ["translate_letter", "convert_miles"],
        ),
        (
            "Convert 26 miles into kilometres, then translate the letter into German.",
            ["convert_miles", "translate_letter"],
        ),
    ],
)
def test_steps_stand_in_the_order_of_the_text(controller, cards, text, wanted):
    steps, _ = controller.transcript(Request(text=text), cards).steps()
    assert [step.expert for step in steps] == wanted


def test_the_probability_of_an_expert_is_that_of_its_choice_among_all(controller):
    text = "Translate the letter into German, then convert 26 miles into kilometres."
    written = controller.transcript(Request(text=text), (LETTER, MILES, POEM)).written
    assert [step.card for step in written.steps] == [0, 1]
    assert all(0 < step.probability < 1 for step in written.steps)
    assert all({i for i, _ in step.others} == {0, 1, 2} - {step.card} for step in written.steps)
