"""Tables as people keep them: CSV files with currencies, totals, German and Chinese numbers and dates."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.artifact import Table

SALES = """date,region,product,units,revenue,Unit price (€),Discount
2024-01-05,North,Apple juice,10,"€1,200.50",2.5,5%
2024-01-20,South,Apple juice,7,€840.00,2.5,0%
2024-02-11,North,Pear cider,3,€310.25,4.0,10%
2024-02-15,East,Pear cider,12,"€1,500.00",4.0,2%
2024-03-03,South,Orange soda,20,€990.00,1.5,0%
2024-03-09,North,Orange soda,,€450.00,1.5,1%
Total,,,52,"€5,290.75",,
"""
GERMAN = """Datum;Kunde;Umsatz
01.02.2024;Müller;1.200,50 €
15.02.2024;Schmidt;990,00 €
03.03.2024;Weber;2.310,75 €
"""
CHINESE = """日期,地区,产品,销售额,数量
2024年1月5日,华北,苹果汁,1200,10
2024年1月20日,华南,苹果汁,840,7
2024年2月11日,华北,梨汁,310,3
2024年2月15日,华东,梨汁,1500,12
2024年3月3日,华南,橙汁,990,20
"""
TICKETS = """ticket_id,customer,status,priority,hours_open,created
1001,Acme,open,high,12,2024-05-01
1002,Beta,closed,low,3,2024-05-02
1003,Acme,open,low,48,2024-05-10
1004,Gamma,pending,high,7,2024-06-01
1005,Beta,closed,high,1,2024-06-03
"""
STAFF = """Name,Department,Salary,Age,City,Hired
Anna Schmidt,Engineering,72000,34,Berlin,2019-03-01
Ben Lee,Sales,51000,45,London,2015-07-15
Chen Wei,Engineering,68000,29,Shanghai,2021-01-10
Dora Novak,Marketing,47000,38,Prague,2018-11-05
Emil Berg,Sales,55000,52,Oslo,2010-02-20
"""


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[..., Table]:
    """A CSV text as an attached table."""

    def make(text: str, name: str = "table.csv") -> Table:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        table = Table.from_path(path)
        assert isinstance(table, Table)
        return table

    return make


@pytest.fixture
def tables(table_of: Callable[..., Table]) -> dict[str, Table]:
    texts = {"sales": SALES, "german": GERMAN, "chinese": CHINESE, "tickets": TICKETS, "staff": STAFF}
    return {name: table_of(text, f"{name}.csv") for name, text in texts.items()}
