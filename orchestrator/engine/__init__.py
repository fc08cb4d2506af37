"""Runs plans: the scheduler decides when a step starts, an engine where and how."""
