"""Public planning and retrieval sets, turned into the files of docs/evaluation.md. Knows no model and no network."""
