"""ToolE of MetaTool: requests for one of some two hundred plugins, and for two. Knows no other set.

Huang et al., MetaTool Benchmark for Large Language Models, ICLR 2024. Descriptions are a JSON object of name and
text, requests a table `Query,Tool`, and a list of `query` and `tool` (a list).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, call, case, text_card


def convert(source: Path) -> Conversion:
    """`cards.jsonl`, `cases.jsonl` (one expert), `multi.jsonl` (two); requests for undescribed experts are left out.

    Args:
        source: the folder `dataset` of the repository.
    Raises:
        BadRequest: a file is missing or has another shape.
    """
    described = descriptions(source)
    cards = [text_card(name, text) for name, text in described.items()]
    cases, multi, num_left_out = [], [], 0
    single = raw.existing(source, "data/all_clean_data.csv", "all_clean_data.csv")
    for number, row in enumerate(raw.table(single, "Query", "Tool")):
        if row["Tool"] in described:
            cases.append(case(f"toole-{number}", row["Query"], [call(row["Tool"])]))
        else:
            num_left_out += 1
    golden = raw.existing(source, "data/multi_tool_query_golden.json", "multi_tool_query_golden.json")
    for number, entry in enumerate(raw.typed(raw.document(golden), list, golden.name)):
        place = f"{golden.name} entry {number}"
        experts = raw.texts(raw.field(entry, "tool", list, place), place)
        if all(expert in described for expert in experts):
            request = raw.field(entry, "query", str, place)
            multi.append(case(f"toolem-{number}", request, [call(expert) for expert in experts]))
        else:
            num_left_out += 1
    return Conversion({"cards.jsonl": cards, "cases.jsonl": cases, "multi.jsonl": multi}, num_left_out)


def descriptions(source: Path) -> dict[str, str]:
    """Name and description of every expert; the merged ones of `big_tool_des.json` where the first file lacks them."""
    plugins = raw.existing(source, "plugin_des.json")
    described = dict(raw.typed(raw.document(plugins), dict, plugins.name))
    merged = source / "big_tool_des.json"
    if merged.is_file():
        described = {**raw.typed(raw.document(merged), dict, merged.name), **described}
    return {name: raw.typed(text, str, f"the description of {name}") for name, text in described.items()}
