"""Saying a result: one complete sentence in English or Chinese from templates. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from experts.tabular.column import Column
from experts.tabular.condition import Condition
from experts.tabular.mention import stem
from experts.tabular.query import Query
from experts.tabular.result import Result
from experts.tabular.sheet import Sheet
from experts.tabular.wordlist import word_list
from orchestrator.types import Language

_NUM_DECIMALS = 2


def answer_sentence(sheet: Sheet, query: Query, result: Result, language: Language) -> str:
    """The result as a complete sentence, with a note on what was left out."""
    phrases = word_list("phrases")[language]
    key = _template(query, result)
    fields = _fields(query, result, language)
    fields["where"] = _where(sheet, query.conditions, language)
    sentence = str(phrases[key]).format(**fields)
    if language == "en":
        sentence = sentence[0].upper() + sentence[1:]
    if query.unknown_words:
        quoted = [f"“{word}”" for word in query.unknown_words]
        sentence += (" " if language == "en" else "") + phrases["note_unknown"].format(words=joined(quoted, language))
    return sentence


def _template(query: Query, result: Result) -> str:
    """The key of the template in phrases.toml."""
    if query.aggregate in ("count", "distinct", "list") and not query.by and not query.order:
        num = result.num_rows if query.aggregate == "count" else result.num_groups
        each = "_each" if query.aggregate == "distinct" and result.num_groups == result.num_rows else ""
        return query.aggregate + {0: "_none", 1: "_one"}.get(num, each)
    if query.aggregate == "share":
        if query.by:
            return "groups_share"
        return "share" if query.measure else "share_rows"
    if query.order and query.by:
        return _ordered_template(query, result)
    if query.by:
        single = result.is_single_row and query.aggregate in ("sum", "mean")
        return "groups_single" if single else f"groups_{query.aggregate}"
    if query.aggregate in ("max", "min"):
        dated = query.measure is not None and query.measure.kind == "date"
        return f"value_{query.aggregate}" + ("_date" if dated else "_label" if result.row_label else "")
    return "value_single" if result.is_single_row else f"value_{query.aggregate}"


def _ordered_template(query: Query, result: Result) -> str:
    assert query.by is not None
    if query.num > 1:
        return "order_num_groups" if query.by.column.kind in ("date", "year") else "order_num"
    if len(result.items) > 1:
        return "order_by_tie"
    if query.by.column.kind in ("date", "year"):
        return "order_by_day" if query.by.time_unit == "day" else "order_by_date"
    return "order_by"


def _fields(query: Query, result: Result, language: Language) -> dict[str, Any]:
    phrases = word_list("phrases")[language]
    unit = "%" if query.aggregate == "share" else query.measure.unit if query.measure else ""
    is_counting = query.aggregate in ("count", "distinct", "list")
    measure = query.measure.spoken_name if query.measure else _counted_name(query, language)
    if query.order and query.by and not result.is_single_row:
        measure = phrases["aggregate"].get(query.aggregate, "") + measure
    names = [label for label, _ in result.items]
    if query.aggregate in ("distinct", "list") and not query.by:
        items = _listed(names, language)
    else:
        pairs = [phrases["item"].format(label=label, value=number(value, unit)) for label, value in result.items]
        if query.order:
            pairs = [_ranked(label, number(value, unit), language) for label, value in result.items]
        items = _listed(pairs, language)
    value = result.value if isinstance(result.value, str) else number(result.value, "" if is_counting else unit)
    by = _spoken_group(query, language)
    dated = "_date" if query.measure is not None and query.measure.kind == "date" else ""
    return {
        "value": value,
        "items": items,
        "label": result.row_label or joined(names[: word_list("glossary")["limits"]["max_listed"]], language),
        "measure": measure,
        "by": by,
        "by_plural": _plural(by),
        "order": phrases["order"].get(query.order + dated, ""),
        "num": len(result.items),
        "num_rows": result.num_rows,
        "noun": _noun(query, result),
    }


def _counted_name(query: Query, language: Language) -> str:
    phrases = word_list("phrases")[language]
    if query.aggregate == "share":
        return str(phrases["rows"])
    return str(phrases["number_of"].format(noun=_plural(query.noun)) if query.noun else phrases["number_of_rows"])


def _noun(query: Query, result: Result) -> str:
    """The English word for what is counted or listed, in the right number."""
    own = query.measure.spoken_name if query.measure else "rows"
    noun = query.noun or own
    num = result.num_rows if query.aggregate == "count" else result.num_groups
    return stem(noun) if num == 1 and not query.by else _plural(noun)


def _ranked(label: str, value: str, language: Language) -> str:
    return f"{label} ({value})" if language == "en" else f"{label}（{value}）"


def _listed(items: Sequence[str], language: Language) -> str:
    phrases = word_list("phrases")[language]
    limit = word_list("glossary")["limits"]["max_listed"]
    if len(items) > limit + 1:
        items = [*items[:limit], phrases["more"].format(num=len(items) - limit)]
    return joined(items, language)


def joined(items: Sequence[str], language: Language) -> str:
    """The items as one enumeration: a, b and c."""
    phrases = word_list("phrases")[language]
    if len(items) < 2:
        return "".join(items)
    return str(phrases["comma"].join(items[:-1]) + phrases["and"] + items[-1])


def number(value: Any, unit: str = "") -> str:
    """A number with groups of thousands, at most two decimals (more below 0.01), and its unit."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    small = 0 < abs(value) < 10**-_NUM_DECIMALS
    written = f"{value:.3g}" if small else f"{value:,.{_NUM_DECIMALS}f}".rstrip("0").rstrip(".")
    if unit in ("€", "$", "£", "¥", "₹"):
        money = written if float(value).is_integer() else f"{abs(value):,.{_NUM_DECIMALS}f}"
        return f"-{unit}{money.lstrip('-')}" if value < 0 else f"{unit}{money}"
    if not unit:
        return written
    return f"{written}{unit}" if unit == "%" or not unit.isascii() else f"{written} {unit}"


def _spoken_group(query: Query, language: Language) -> str:
    if query.by is None:
        return ""
    units = {"day": "日", "week": "周", "month": "月", "quarter": "季度", "year": "年"}
    if query.by.time_unit:
        return query.by.time_unit if language == "en" else units[query.by.time_unit]
    return query.by.column.spoken_name


def _plural(name: str) -> str:
    if not name.isascii() or name.endswith("s") or name == "people":
        return name
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def _where(sheet: Sheet, conditions: Sequence[Condition], language: Language) -> str:
    if not conditions:
        return ""
    phrases = word_list("phrases")[language]
    written = joined([_condition(sheet.column(c.column), c, language) for c in conditions], language)
    return str(phrases["where"].format(conditions=written))


def _condition(column: Column, condition: Condition, language: Language) -> str:
    relations = word_list("phrases")[language]["relation"]
    if condition.relation in ("is", "is_not"):
        values = relations["or"].join(f"{v:g}" if isinstance(v, float) else str(v) for v in condition.values)
    elif condition.relation == "between":
        values = joined([number(value, column.unit) for value in condition.values], language)
    elif condition.relation in ("period", "month"):
        values = ""
    else:
        year = column.kind == "year"
        values = str(int(condition.values[0])) if year else number(condition.values[0], column.unit)
    written = condition.written
    if condition.relation == "period":
        written = _period(condition, relations)
    return str(relations[condition.relation].format(column=column.spoken_name, values=values, written=written))


def _period(condition: Condition, relations: dict[str, str]) -> str:
    first, after = condition.values
    last = after - timedelta(days=1) if after else None
    if first is None:
        return relations["before"].format(date=f"{after:%Y-%m-%d}")
    if last is None:
        return relations["from"].format(date=f"{first:%Y-%m-%d}")
    if first == last:
        return f"{first:%Y-%m-%d}"
    return relations["range"].format(first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")
