"""The parts of synthetic requests: marked texts, inflection, spoken values, slips."""

from random import Random

import pytest

from orchestrator.controller.training.synthetic.phrases import (
    as_gerund,
    capitalised,
    filled,
    flat,
    gerund,
    joined,
    marked,
    plural,
    with_article,
)
from orchestrator.controller.training.synthetic.spelling import lowered, misspelt, without_marks
from orchestrator.controller.training.synthetic.values import chinese_number, number_word, pools, spoken


def test_marks_give_offsets_in_code_points():
    phrase = filled("给{who}订{what}", {"who": marked("w", "王芳"), "what": marked("outer", marked("inner", "𝄞票"))})
    text, spans = flat(phrase)
    assert text == "给王芳订𝄞票"
    assert spans == {"w": (1, 3), "outer": (4, 6), "inner": (4, 6)}


def test_the_first_mention_counts():
    assert flat([*marked("a", "x"), " and ", *marked("a", "x")])[1] == {"a": (0, 1)}


def test_phrases_are_joined_like_a_list():
    parts = [["a"], ["b"], ["c"]]
    assert flat(joined(parts, ", ", " and "))[0] == "a, b and c"
    assert flat(joined(parts[:1], ", ", " and "))[0] == "a"


@pytest.mark.parametrize(
    ("verb", "form"),
    [("book", "booking"), ("move", "moving"), ("trim", "trimming"), ("get", "getting"), ("see", "seeing"),
     ("tie", "tying"), ("cancel", "cancelling"), ("email", "emailing"), ("verify", "verifying"), ("read", "reading")],
)  # fmt: skip
def test_gerunds(verb, form):
    assert gerund(verb) == form


def test_a_clause_as_gerund():
    assert flat(as_gerund(["cut ", *marked("f", "a.mp3"), " short"]))[0] == "cutting a.mp3 short"
    assert flat(as_gerund([*marked("c", ["print it"])]))[0] == "printing it"


@pytest.mark.parametrize(
    ("noun", "article", "many"),
    [("hotel", "a", "hotels"), ("invoice", "an", "invoices"), ("bus", "a", "buses"),
     ("user account", "a", "user accounts"), ("umbrella", "an", "umbrellas"), ("city", "a", "cities"),
     ("day", "a", "days")],
)  # fmt: skip
def test_articles_and_plurals(noun, article, many):
    assert with_article(noun) == f"{article} {noun}"
    assert plural(noun) == many


def test_capitals_leave_file_names_alone():
    assert flat(capitalised(["find ", "x"]))[0] == "Find x"
    assert flat(capitalised([*marked(("file", 0), "a.png"), " is mine"]))[0] == "a.png is mine"


def test_numbers_in_words():
    assert [number_word(n) for n in (0, 13, 20, 42)] == ["zero", "thirteen", "twenty", "forty-two"]
    assert [chinese_number(n) for n in (2, 10, 12, 20, 35)] == ["二", "十", "十二", "二十", "三十五"]
    assert chinese_number(2, before_noun=True) == "两"


def _all(generator: str, form: str) -> dict[str, object]:
    rng = Random(0)
    return {value.en: value.value for value in (spoken(generator, form, rng) for _ in range(4000))}


def test_percentages_are_normalised():
    assert _all("percent", "percent")["twenty percent"] == 20
    assert _all("percent", "fraction")["7.5%"] == 0.075


def test_durations_dates_and_times_are_normalised():
    assert _all("duration", "minutes")["an hour and a half"] == 90
    assert _all("duration", "text")["an hour and a half"] is None
    times = _all("time", "clock")
    assert times["7:30 pm"] == "19:30"
    assert times["half past seven in the evening"] == "19:30"
    rng = Random(1)
    for _ in range(100):
        day = spoken("date", "iso", rng)
        assert day.value is not None
        assert str(int(day.value[8:])) in day.en


def test_measures_choices_and_flags():
    kilograms = spoken("measure:kg=kilograms=公斤,g=grams=克", "unit:kg", Random(3))
    assert (kilograms.unit, kilograms.unit_zh) == ("kg", "公斤")
    assert _all("enum:a=first one,number one=一;b=second=二", "enum") == {
        "first one": "a",
        "number one": "a",
        "second": "b",
    }
    assert _all("bool:with milk/without milk,no milk:加奶/不加奶", "boolean") == {
        "with milk": True, "without milk": False, "no milk": False,
    }  # fmt: skip


def test_pools_have_both_languages_and_keep_slashes():
    assert ("Lisbon", "里斯本") in pools()["city"]
    assert ("hotfix/login", "hotfix/login") in pools()["branch"]
    assert ("Excel", "Excel") in pools()["skill"]


def test_slips_leave_values_alone():
    phrase = [
        "please translate the sentence ",
        *marked(("arg", 0, "text"), "blue window frames"),
        " for everybody tomorrow",
    ]
    texts = {flat(misspelt(phrase, 2, Random(seed)))[0] for seed in range(30)}
    assert len(texts) > 15
    assert all("blue window frames" in text for text in texts)


def test_lower_case_keeps_file_names_and_lost_marks_are_at_the_end():
    phrase = ["Read ", *marked(("file", 0), "IMG_1.PNG"), " Now, Please."]
    assert flat(lowered(phrase))[0] == "read IMG_1.PNG now, please."
    assert flat(without_marks(phrase))[0] == "Read IMG_1.PNG Now, Please"
