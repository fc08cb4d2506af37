"""The embedded tabular experts; the entry point `tabular` of the group `baton.experts`. Importing it loads no pandas."""

from experts.tabular.question import table_question

__all__ = ["table_question"]
