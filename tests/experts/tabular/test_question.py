from collections.abc import Callable

import pytest

from experts.tabular import table_question
from orchestrator.artifact import Table
from orchestrator.errors import BadRequest

ANSWERS = [
    ("sales", "Which product has the highest revenue?", "Apple juice has the highest total revenue: €2,040.50."),
    ("sales", "Which region has the lowest total revenue?", "East has the lowest total revenue: €1,500."),
    ("sales", "What is the average unit price?", "The average Unit price is €2.67, over 6 rows."),
    ("sales", "What is the median of units?", "The median units is 10, over 5 rows."),
    (
        "sales",
        "Total revenue per region",
        "The total revenue by region is €1,960.75 for North, €1,830 for South and €1,500 for East.",
    ),
    (
        "sales",
        "revenue by month",
        "The total revenue by month is €2,040.50 for 2024-01, €1,810.25 for 2024-02 and €1,440 for 2024-03.",
    ),
    ("sales", "Which month had the highest revenue?", "The highest total revenue was in 2024-01: €2,040.50."),
    ("sales", "What is the total revenue in the North?", "The total revenue where region is North is €1,960.75."),
    (
        "sales",
        "How many units were sold in February 2024?",
        "The total units where date is from 2024-02-01 to 2024-02-29 is 15.",
    ),
    ("sales", "Total revenue before 2024-02-01", "The total revenue where date is before 2024-02-01 is €2,040.50."),
    (
        "sales",
        "revenue between 2024-01-10 and 2024-02-12",
        "The total revenue where date is from 2024-01-10 to 2024-02-12 is €1,150.25.",
    ),
    ("sales", "How many orders have revenue above 900?", "There are 3 orders where revenue is above €900."),
    (
        "sales",
        "How many orders have revenue between 400 and 1000?",
        "There are 3 orders where revenue is between €400 and €1,000.",
    ),
    (
        "sales",
        "top 2 products by revenue",
        "The 2 products with the highest total revenue are Apple juice (€2,040.50) and Pear cider (€1,810.25).",
    ),
    (
        "sales",
        "How many different products are there?",
        "There are 3 different products: Apple juice, Pear cider and Orange soda.",
    ),
    ("sales", "What share of revenue comes from the North?", "37.06% of all revenue is where region is North."),
    ("sales", "Total revenue not in the North", "The total revenue where region is not North is €3,330."),
    (
        "sales",
        "Which products were sold in the South?",
        "The products where region is South are Apple juice and Orange soda.",
    ),
    ("sales", "What were the earnings in Q1?", "The total revenue where date is in Q1 is €5,290.75."),
    ("sales", "哪个产品的销售额最高?", "Apple juice的总revenue最高，为€2,040.50。"),
    ("german", "Who has the highest turnover?", "Weber has the highest Umsatz: €2,310.75."),
    (
        "german",
        "What is the total turnover in February 2024?",
        "The total Umsatz where Datum is from 2024-02-01 to 2024-02-29 is €2,190.50.",
    ),
    ("chinese", "哪个产品的销售额最高？", "苹果汁的总销售额最高，为2,040。"),
    ("chinese", "各地区的销售额是多少？", "按地区统计，销售额的总和为：华南 1,830、华北 1,510和华东 1,500。"),
    ("chinese", "每个月的销售额", "按月统计，销售额的总和为：2024-01 2,040、2024-02 1,810和2024-03 990。"),
    (
        "chinese",
        "2024年2月的平均销售额是多少？",
        "在日期从2024-02-01到2024-02-29的条件下，销售额的平均值是905（共2行）。",
    ),
    ("chinese", "数量大于8的有多少行？", "在数量大于8的条件下，共有3行。"),
    ("chinese", "销售额最高的两个产品是什么？", "总销售额最高的2个产品是苹果汁（2,040）和梨汁（1,810）。"),
    ("chinese", "除了华北，总销售额是多少", "在地区不为华北的条件下，销售额的总和是3,330。"),
    ("chinese", "Which region has the highest sales?", "华南 has the highest total 销售额: 1,830."),
    ("tickets", "How many tickets are open?", "There are 2 tickets where status is open."),
    (
        "tickets",
        "How many high priority tickets are open?",
        "There is 1 row where priority is high and status is open.",
    ),
    (
        "tickets",
        "How many tickets per status?",
        "The number of tickets by status is 2 for closed, 2 for open and 1 for pending.",
    ),
    ("tickets", "Which customer has the most tickets?", "Acme and Beta share the highest number of tickets: 2 each."),
    ("tickets", "What percentage of tickets are closed?", "40% of the rows are those where status is closed."),
    ("tickets", "What is the status of ticket 1004?", "The status where ticket id is 1004 is pending."),
    (
        "tickets",
        "How many tickets were created after 2024-05-05?",
        "There are 3 tickets where created is from 2024-05-06 on.",
    ),
    ("staff", "Who is the oldest?", "Emil Berg has the highest Age: 52."),
    ("staff", "Who was hired last?", "Chen Wei has the latest Hired: 2021-01-10."),
    ("staff", "What is Anna Schmidt's salary?", "The Salary where Name is Anna Schmidt is 72,000."),
    (
        "staff",
        "What is the average salary per department?",
        "The average Salary by Department is 70,000 for Engineering, 53,000 for Sales and 47,000 for Marketing.",
    ),
    (
        "staff",
        "How many people are older than 35?",
        "There are 3 people where Age is above 35: Ben Lee, Dora Novak and Emil Berg.",
    ),
    (
        "staff",
        "Which employees earn more than 52k?",
        "The employees where Salary is above 52,000 are Anna Schmidt, Chen Wei and Emil Berg.",
    ),
    ("staff", "Which city does Ben Lee live in?", "The city where Name is Ben Lee is London."),
    ("staff", "谁的工资最高?", "Anna Schmidt的Salary最高，为72,000。"),
]


@pytest.mark.parametrize(("name", "question", "answer"), ANSWERS)
def test_answers(tables: dict[str, Table], name: str, question: str, answer: str) -> None:
    assert table_question(tables[name], question).output.value["answer"] == answer


def test_the_answer_comes_with_what_was_understood(tables: dict[str, Table]) -> None:
    [prediction] = table_question.predict(
        [{"table": tables["sales"], "question": "Which product has the highest revenue in the North above 400?"}]
    )
    assert prediction.outputs["json"].value == {
        "answer": "Apple juice has the highest revenue where region is North and revenue is above €400: €1,200.50.",
        "operation": "highest",
        "aggregate": "sum",
        "column": "revenue",
        "group": "product",
        "filters": [
            {"column": "region", "relation": "is", "values": ["North"]},
            {"column": "revenue", "relation": "above", "values": [400.0]},
        ],
        "unknown_words": [],
        "value": 1200.5,
        "label": "Apple juice",
        "items": [{"label": "Apple juice", "value": 1200.5}],
        "rows_used": 2,
        "unit": "€",
    }
    assert prediction.confidence == pytest.approx(0.95)


def test_word_that_the_table_does_not_explain_lowers_confidence_and_is_named(tables: dict[str, Table]) -> None:
    outcome = table_question(tables["staff"], "What is the highest salary on the company payroll?")
    assert outcome.output.value["answer"].startswith("The highest Salary is 72,000 (Anna Schmidt).")
    assert outcome.output.value["unknown_words"]
    assert all(word in outcome.output.value["answer"] for word in outcome.output.value["unknown_words"])
    assert outcome.confidence < 0.8


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("sales", "What is the average salary?"),
        ("sales", "What is the weather?"),
        ("sales", "What is the total revenue in Mars?"),
        ("sales", "What is the total revenue of the West region?"),
        ("sales", "sum"),
        ("sales", "北方的收入?"),
        ("chinese", "工资最高的是谁？"),
        ("chinese", "华西地区的销售额是多少？"),
    ],
)
def test_column_or_value_that_is_not_there_is_refused_with_the_columns(
    tables: dict[str, Table], name: str, question: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        table_question(tables[name], question)
    assert ("revenue" if name == "sales" else "销售额") in caught.value.remedy


def test_year_is_no_order_number(table_of: Callable[..., Table]) -> None:
    table = table_of("order_id,placed,total\n2023,2024-03-01,5\n2024,2023-04-01,7\n")
    answer = table_question(table, "What is the sum of total in 2024?").output.value["answer"]
    assert answer == "The total where placed is from 2024-01-01 to 2024-12-31 is 5."


def test_period_without_rows_is_refused(tables: dict[str, Table]) -> None:
    with pytest.raises(BadRequest, match="about rows that are there"):
        table_question(tables["sales"], "What is the total revenue in 2023?")


def test_period_of_a_table_without_dates_is_refused(table_of: Callable[..., Table]) -> None:
    with pytest.raises(BadRequest, match="none of them holds dates"):
        table_question(table_of("city,visitors\nBonn,3\nUlm,4\n"), "How many visitors were there in 2024?")


def test_comparison_that_names_no_column_is_refused(tables: dict[str, Table]) -> None:
    with pytest.raises(BadRequest, match="a comparison that names its column"):
        table_question(tables["staff"], "How many people are above 40?")


@pytest.mark.parametrize("question", ["", " ?! "])
def test_empty_question_is_refused(tables: dict[str, Table], question: str) -> None:
    with pytest.raises(BadRequest, match="a question in words"):
        table_question(tables["sales"], question)


def test_code_in_a_question_or_a_cell_is_only_text(table_of: Callable[..., Table]) -> None:
    table = table_of("name,cost\n=1+1,5\n__import__('os').getcwd(),7\n")
    answer = table_question(table, "Which name has the highest cost?").output.value["answer"]
    assert answer == "__import__('os').getcwd() has the highest cost: 7."
