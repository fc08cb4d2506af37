"""Measuring on the user's own cases: one module a question, and the metrics they share."""
