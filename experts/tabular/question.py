"""Questions on a table: highest, lowest, sum, mean, counts, groups and filters, in English and Chinese.

Understands by rules and word lists (glossary.toml); never runs code that stands in a question or a table.
"""

from __future__ import annotations

from typing import Annotated, Any

from experts.tabular.phrasing import answer_sentence
from experts.tabular.query_reading import read_query
from experts.tabular.result import Result, run
from experts.tabular.sheet import read_sheet
from orchestrator import Json, Table
from orchestrator.errors import BadRequest
from orchestrator.expert import Outcome, expert
from orchestrator.language import language_of


@expert(
    title="Table question",
    task="table-question-answering",
    licence="Apache-2.0",
    openness="open-tooling",
    author="The Baton authors; MiniLM by sentence-transformers",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="None of its own; MiniLM: over one billion English sentence pairs",
    limits="One table and one operation a question, no joins; column names are matched by words and synonyms, and dates"
    " such as 03/04/2024 are read day first.",
    examples=(
        "Which product has the highest revenue?",
        "What is the average salary per department?",
        "How many orders were placed in March 2024?",
        "What is the total of the sales column in this spreadsheet?",
        "Who has the lowest score in the table?",
        "Sum of units sold by region where status is open",
        "Show the top 3 customers by turnover",
        "哪个产品的销售额最高?",
        "各地区的平均价格是多少?",
        "表格里一共有多少个订单?",
        "2024年3月的总收入是多少?",
    ),
    says={"en": ("{answer}",), "zh": ("{answer}",)},
)
def table_question(table: Table, question: Annotated[str, "what to find out, in English or Chinese"]) -> Json:
    """Answer a question about a table, CSV file or spreadsheet: highest, lowest, sum, average, median, count, top
    values, totals per group, rows that meet a condition.
    """
    if not any(character.isalnum() for character in question):
        raise BadRequest(
            "question", question, "a question in words", "Ask, for example: which row has the highest value?"
        )
    sheet = read_sheet(table)
    query = read_query(sheet, question)
    result = run(sheet, query)
    facts = {
        "answer": answer_sentence(sheet, query, result, language_of(question)),
        **query.as_dict(),
        **_facts(result),
        "unit": query.measure.unit if query.measure else "",
    }
    return Outcome(Json(facts), query.confidence)  # type: ignore[return-value]


def _facts(result: Result) -> dict[str, Any]:
    return {
        "value": result.value,
        "label": result.items[0][0] if len(result.items) == 1 else result.row_label or None,
        "items": [{"label": label, "value": value} for label, value in result.items],
        "rows_used": result.num_rows,
    }
