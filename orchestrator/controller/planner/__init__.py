"""The trained planner: a small language model that writes plans token by token under a grammar."""
