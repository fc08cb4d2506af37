"""Synthetic requests: random typed graphs of invented experts, said in English and Chinese. Knows no public set."""

from orchestrator.controller.training.synthetic.case import Argument, SyntheticCase, SyntheticNode
from orchestrator.controller.training.synthetic.generator import synthetic_cases

__all__ = ["Argument", "SyntheticCase", "SyntheticNode", "synthetic_cases"]
