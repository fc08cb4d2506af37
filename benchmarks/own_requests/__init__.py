"""Requests over Baton's own experts, as people write them, judged by the final answer. Knows no controller."""
