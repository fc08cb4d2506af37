"""A column of a table: what kind of values it holds, read as numbers, dates or words. Knows no question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from experts.tabular.wordlist import word_list
from experts.text.numeral import Decimal, decimal_of, parse_number

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["number", "date", "year", "category", "text", "identifier", "boolean"]
_UNIT_IN_NAME = re.compile(r"[\[(（]\s*([^\])）]{1,12})\s*[\])）]\s*$")
_NUMBER_CELL = re.compile(r"^(?P<before>[^\d.,]*?)(?P<number>[-+−]?[\d.,'’\u00a0\u202f ]*\d)(?P<after>[^\d]*)$")
_IDENTIFIER_NAME = re.compile(
    r"(?:^|[\s_.-])(?:id|nr|no|number|code|key|sku|uuid|plz|zip|phone)$|编号|代码|号码|序号|邮编|电话", re.I
)


@dataclass(frozen=True)
class Column:
    """A named column with its values as one kind: floats, timestamps, or text; missing cells are None or NaN."""

    name: str
    kind: ColumnKind
    values: pd.Series = field(compare=False)
    unit: str = ""
    date_format: str = ""

    @property
    def is_label(self) -> bool:
        """Whether its cells name things: people, products, places, groups."""
        return self.kind in ("category", "text", "boolean")

    @property
    def spoken_name(self) -> str:
        """The name without its unit and underscores."""
        name = _UNIT_IN_NAME.sub("", self.name).strip() or self.name
        return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " ")).split())

    @property
    def months_only(self) -> bool:
        return self.date_format in word_list("cells")["month_formats"]


def read_column(name: str, cells: pd.Series) -> Column:
    """The column of the kind that most of its filled cells read as."""
    import pandas

    name = str(name).strip()
    unit = match.group(1).strip() if (match := _UNIT_IN_NAME.search(name)) else ""
    unit = word_list("cells")["currencies"].get(unit, unit)
    if pandas.api.types.is_bool_dtype(cells):
        return Column(name, "boolean", cells.astype(str))
    if pandas.api.types.is_datetime64_any_dtype(cells):
        return Column(name, "date", cells, date_format="%Y-%m-%d")
    if pandas.api.types.is_numeric_dtype(cells):
        return _of_numbers(name, cells.astype(float), unit)
    words = cells.astype("string").str.strip()
    words = words.mask(words.str.lower().isin(word_list("cells")["missing"]))
    filled = words.dropna()
    if filled.empty:
        return Column(name, "text", words.astype(object))
    numbers, cell_unit = _numbers(filled.tolist())
    if numbers is not None and not _has_leading_zeros(filled.tolist()):
        series = pandas.Series(numbers, index=filled.index, dtype=float).reindex(cells.index)
        return _of_numbers(name, series, unit or cell_unit)
    date_format = _date_format(filled)
    if date_format:
        dates = pandas.to_datetime(words, format=date_format, errors="coerce")
        return Column(name, "date", dates, date_format=date_format)
    return _of_words(name, words.astype(object).where(words.notna(), None), unit)


def _of_numbers(name: str, values: pd.Series, unit: str) -> Column:
    limits = word_list("cells")
    filled = values.dropna()
    whole = bool((filled % 1 == 0).all())
    if whole and len(filled) and not unit:
        if (
            re.search(r"year|jahr|年份|年度|^年$", name, re.I)
            and filled.between(limits["years_from"], limits["years_to"]).all()
        ):
            return Column(name, "year", values)
        if _IDENTIFIER_NAME.search(_UNIT_IN_NAME.sub("", name).strip()) and filled.is_unique:
            return Column(name, "identifier", values)
    return Column(name, "number", values, unit)


def _of_words(name: str, values: pd.Series, unit: str) -> Column:
    limits = word_list("cells")
    filled = values.dropna().astype(str)
    num_different = filled.nunique()
    if set(filled.str.lower()) <= set(limits["booleans"]) and num_different == 2:
        return Column(name, "boolean", values, unit)
    if _IDENTIFIER_NAME.search(name) and num_different == len(filled):
        return Column(name, "identifier", values, unit)
    repeated = num_different < len(filled) and num_different <= max(3, limits["max_category_share"] * len(filled))
    if repeated and num_different <= limits["max_categories"]:
        return Column(name, "category", values, unit)
    return Column(name, "text", values, unit)


def _numbers(cells: Sequence[str]) -> tuple[list[float | None] | None, str]:
    """Floats of the cells and their common unit; None for the list where too few cells are numbers."""
    currencies = word_list("cells")["currencies"]
    matches = [_NUMBER_CELL.match(cell) for cell in cells]
    units = [_cell_unit(match) if match else None for match in matches]
    known = [unit for unit in units if unit is not None]
    unit = max(set(known), key=known.count) if known else ""
    if unit and unit not in (*currencies.values(), "%") and len(set(known)) > 1:
        return None, ""
    decimal = _column_decimal([match["number"] for match in matches if match], unit in currencies.values())
    numbers: list[float | None] = [
        _signed(match, parse_number(match["number"], decimal)) if match and own in (unit, "") else None
        for match, own in zip(matches, units, strict=True)
    ]
    num_read = sum(number is not None for number in numbers)
    return (numbers, unit) if num_read >= word_list("cells")["min_share"] * len(cells) else (None, "")


def _signed(match: re.Match[str], number: float | None) -> float | None:
    """Minus where the sign stands before the currency (-€5) or the number in parentheses, as accountants write."""
    before, after = match["before"].strip(), match["after"].strip()
    negative = before.startswith(("-", "−")) or (before.startswith("(") and after.endswith(")"))
    return -number if number is not None and negative else number


def _cell_unit(match: re.Match[str]) -> str | None:
    """Currency, percent or a short unit around the number; None where the words around it are no unit."""
    around = "".join(match[part].strip(" -−+()\u00a0") for part in ("before", "after"))
    around = "%" if around == "％" else around
    if around in ("", "%"):
        return around
    currency = word_list("cells")["currencies"].get(around)
    if currency:
        return currency
    is_unit = not match["before"].strip(" -−+(") and len(around) <= 5 and not re.search(r"[:/,;]", around[:1])
    return around if is_unit else None


def _column_decimal(numbers: Sequence[str], is_money: bool) -> Decimal | None:
    """The decimal separator that the whole column agrees on; money with three digits behind the point has groups."""
    shown = [mark for number in numbers if (mark := decimal_of(number.strip()))]
    if shown:
        return max(set(shown), key=shown.count)
    pointed = [number for number in numbers if "." in number]
    return "," if is_money and pointed else None


def _has_leading_zeros(cells: Sequence[str]) -> bool:
    """Postcodes and article numbers such as 00123 are words, not numbers."""
    return any(re.fullmatch(r"0\d+", cell) for cell in cells)


def _date_format(cells: pd.Series) -> str:
    import pandas

    limits = word_list("cells")
    sample = cells.head(500)
    if not sample.str.contains(r"\d", regex=True).all():
        return ""
    for date_format in limits["date_formats"]:
        if date_format == "%Y%m%d" and not sample.str.fullmatch(r"(?:19|20)\d{6}").all():
            continue
        read = pandas.to_datetime(sample, format=date_format, errors="coerce")
        if read.notna().mean() >= limits["min_share"]:
            return str(date_format)
    return ""


def month_number(value: Any) -> int | None:
    """1 to 12 where the cell is the name of a month, else None."""
    found = word_list("cells")["months"].get(str(value).strip().lower())
    return int(found) if found else None
