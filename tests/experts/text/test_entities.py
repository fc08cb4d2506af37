import pytest

from experts.text import entities
from experts.text.entities import find
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

LETTER = (
    "Dear Mr. Schmidt, please send the XR-2000 to Angela Merkel at Acme Motors GmbH in Berlin by 3 May 2024, 14:30. It"
    " costs €1,200.50 (or $3.5 million), 15% off. Call +49 30 1234567 or write to info@acme-motors.de, see"
    " https://acme.com/x?y=1. It weighs 2.5 kg, runs at 230 V, and 12,000 items were sold."
)
ORDER = (
    "请于2024年5月3日下午3点半前将XR-2000型号的设备送到上海市，张伟负责，费用为三百五十元，共12台，折扣百分之二十，"
    "重2.5公斤。电话13812345678，邮箱li@abc.cn，总价3.5万元。"
)


def by_kind(text: str) -> dict[str, list[tuple[str, object]]]:
    found: dict[str, list[tuple[str, object]]] = {}
    for entity in find(text):
        assert text[entity.start : entity.end] == entity.text
        found.setdefault(entity.kind, []).append((entity.text, entity.value))
    return found


def test_english_letter() -> None:
    found = by_kind(LETTER)
    assert [name for name, _ in found.pop("name")] == ["Mr. Schmidt", "Angela Merkel", "Acme Motors GmbH", "Berlin"]
    assert found == {
        "identifier": [("XR-2000", "XR-2000")],
        "date": [("3 May 2024", "2024-05-03")],
        "time": [("14:30", "14:30")],
        "money": [
            ("€1,200.50", {"amount": 1200.5, "currency": "EUR"}),
            ("$3.5 million", {"amount": 3500000.0, "currency": "USD"}),
        ],
        "percentage": [("15%", 15.0)],
        "phone": [("+49 30 1234567", "+49301234567")],
        "email": [("info@acme-motors.de", "info@acme-motors.de")],
        "url": [("https://acme.com/x?y=1", "https://acme.com/x?y=1")],
        "quantity": [("2.5 kg", {"amount": 2.5, "unit": "kg"}), ("230 V", {"amount": 230.0, "unit": "V"})],
        "number": [("12,000", 12000.0)],
    }


def test_chinese_order() -> None:
    assert by_kind(ORDER) == {
        "date": [("2024年5月3日", "2024-05-03")],
        "time": [("下午3点半", "15:30")],
        "identifier": [("XR-2000", "XR-2000")],
        "name": [("上海市", "上海市"), ("张伟", "张伟")],
        "money": [
            ("三百五十元", {"amount": 350.0, "currency": "CNY"}),
            ("3.5万元", {"amount": 35000.0, "currency": "CNY"}),
        ],
        "number": [("12", 12.0)],
        "percentage": [("百分之二十", 20.0)],
        "quantity": [("2.5公斤", {"amount": 2.5, "unit": "kg"})],
        "phone": [("13812345678", "13812345678")],
        "email": [("li@abc.cn", "li@abc.cn")],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 2024-02-29", "2024-02-29"),
        ("am 03.05.2024", "2024-05-03"),
        ("25/12/2023", "2023-12-25"),
        ("12/25/2023", "2023-12-25"),
        ("05/06/2024", None),  # the fifth of June or the sixth of May
        ("March 2024", "2024-03"),
        ("May 5th", "--05-05"),
        ("二〇二四年五月", "2024-05"),
    ],
)
def test_dates_in_normal_form(text: str, value: str | None) -> None:
    assert [entity.value for entity in find(text) if entity.kind == "date"] == [value]


def test_days_that_do_not_exist_are_no_dates() -> None:
    assert "date" not in by_kind("2024-02-30 and 31.04.2024")


@pytest.mark.parametrize(
    ("text", "value"),
    [("at 5 pm", "17:00"), ("12:15 a.m.", "00:15"), ("09:05:30", "09:05:30"), ("晚上八点", "20:00")],
)
def test_times_in_normal_form(text: str, value: str) -> None:
    assert [entity.value for entity in find(text) if entity.kind == "time"] == [value]


def test_lists_by_kind_and_a_sentence_where_nothing_is_found() -> None:
    [full, empty] = entities.predict([{"text": Text(LETTER)}, {"text": Text("nothing here at all")}])
    facts = full.outputs["json"].value
    assert facts["identifiers"] == ["XR-2000"]
    assert facts["amounts"] == ["€1,200.50", "$3.5 million"]
    assert facts["num_entities"] == len(facts["entities"]) == 16
    nothing = empty.outputs["json"].value
    assert nothing["entities"] == []
    assert nothing["nothing_found"].startswith("No dates")


def test_empty_text_is_refused() -> None:
    with pytest.raises(BadRequest):
        entities(Text(""))
