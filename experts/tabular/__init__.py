"""The embedded tabular experts; the entry point `tabular` of `baton.experts`. Importing it loads no pandas."""

from experts.tabular.plot import table_plot
from experts.tabular.profile import table_profile
from experts.tabular.question import table_question

__all__ = ["table_plot", "table_profile", "table_question"]
