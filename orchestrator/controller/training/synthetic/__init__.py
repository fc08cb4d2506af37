"""Synthetic requests: random typed graphs of invented experts, said in English and Chinese. Knows no public set."""

from orchestrator.controller.training.synthetic.case import Argument, SyntheticCase, SyntheticNode
from orchestrator.controller.training.synthetic.generator import synthetic_cases
from orchestrator.controller.training.synthetic.lexicon import domains
from orchestrator.controller.training.synthetic.statistics import Description, describe

__all__ = ["Argument", "Description", "SyntheticCase", "SyntheticNode", "describe", "domains", "synthetic_cases"]
