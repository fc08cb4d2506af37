"""Every public set from its raw form, in rows that were made up for these tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.convert.__main__ import SETS, converted, main
from orchestrator.errors import BadRequest
from orchestrator.evaluation.plans import card_of_row
from orchestrator.evaluation.retrieval import read_rows, relevant_of

QUERY = [{"name": "query", "kind": "text", "description": "", "required": True}]
RESULT = [{"name": "result", "kind": "text", "description": "", "required": True}]


def write(path: Path, value: Any) -> None:
    """A text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")


def rows_of(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def case(id: str, request: str, nodes: list[dict], links: list[dict] | None = None, **more: Any) -> dict[str, Any]:
    return {"id": id, **more, "request": request, "files": [], "nodes": nodes, "links": links or []}


def call(expert: str, **arguments: str) -> dict[str, Any]:
    return {"expert": expert, "arguments": arguments}


# -- raw sets ----------------------------------------------------------------------------------------------------------


def toole(folder: Path) -> None:
    write(folder / "plugin_des.json", {"kiln": "Plans the firing of pottery.", "TideTool": "Tells the tide."})
    write(folder / "big_tool_des.json", {"TideTool": "Not this one.", "LoomTool": "Draws weaving patterns."})
    write(
        folder / "data/all_clean_data.csv",
        'Query,Tool\nHow hot must stoneware be?,kiln\n"When is high tide, in Hull?",TideTool\nWho am I?,unknown\n',
    )
    write(
        folder / "data/multi_tool_query_golden.json",
        [
            {"query": "Fire my pot before the tide", "tool": ["kiln", "TideTool"]},
            {"query": "Weave and guess", "tool": ["LoomTool", "unknown"]},
        ],
    )


def clinc150(folder: Path) -> None:
    write(
        folder / "data_full.json",
        {
            "train": [[f"water the ferns {n}", "water_plants"] for n in range(12)] + [["open the barn", "barn"]],
            "val": [["shut the barn", "barn"]],
            "test": [["is the barn open", "barn"]],
            "oos_train": [["what is a quark", "oos"]],
            "oos_val": [["who sang this", "oos"]],
            "oos_test": [["why is the sky blue", "oos"]],
        },
    )


def ultratool(folder: Path) -> None:
    write(
        folder / "tool_desc.json",
        {"nodes": [{"id": "boat_rent", "desc": "Rent a boat", "domain": ["Sea"]}, {"id": "net_mend", "desc": "补网"}]},
    )
    boat_then_net = {
        "task_steps": ["Step 1 Call boat_rent", "Step 2 Call net_mend"],
        "task_nodes": [{"task": "boat_rent"}, {"task": "net_mend"}],
        "task_links": [{"source": "boat_rent", "target": "net_mend"}],
        "n_tools": 2,
        "type": "chain",
    }
    write(
        folder / "data.json",
        rows_of(
            {"id": "7", "user_request": "租一条船，然后补网。\n", **boat_then_net},
            {"id": "8", "user_request": "?", "task_nodes": [{"task": "gone"}], "task_links": []},
        ),
    )


def bfcl(folder: Path) -> None:
    bake = {
        "name": "oven.bake",
        "description": "Bakes bread.",
        "parameters": {
            "type": "dict",
            "properties": {
                "minutes": {"type": "number", "description": "How long."},
                "crust": {"type": "string", "description": "Which.", "enum": ["soft", "hard"], "default": "soft"},
                "loaf": {"type": "object", "properties": {"size": {"type": "integer"}}},
                "glaze": {"type": "Paintbrush", "description": ""},
            },
            "required": ["minutes"],
        },
    }
    asked = [[{"role": "system", "content": "You are a baker."}, {"role": "user", "content": "Bake it for 40 minutes"}]]
    for part in ("simple_python", "multiple", "parallel", "parallel_multiple"):
        for name in (part, f"live_{part.removesuffix('_python')}"):
            write(
                folder / f"BFCL_v4_{name}.json",
                rows_of({"id": f"{name}_0", "question": asked, "function": [bake]}),
            )
            answer = {"oven.bake": {"minutes": [40, 40.0], "crust": ["", "soft"], "loaf": [{"size": [1]}]}}
            write(
                folder / f"possible_answer/BFCL_v4_{name}.json",
                rows_of({"id": f"{name}_0", "ground_truth": [answer] * (2 if "parallel" in name else 1)}),
            )
    for name in ("irrelevance", "live_irrelevance"):
        turn = [{"role": "user", "content": "Shoe the horse"}]
        write(folder / f"BFCL_v4_{name}.json", rows_of({"id": f"{name}_0-0", "question": [turn], "function": [bake]}))


def xquad(folder: Path) -> None:
    passages = {
        "en": ("The mill at Ashby has nine sails.", "How many sails has the mill?", "nine"),
        "zh": ("阿什比的风车有九片帆。", "风车有几片帆？", "九片"),
    }
    for language, (text, question, answer) in passages.items():
        told = {"id": "q1", "question": question, "answers": [{"text": answer, "answer_start": text.index(answer)}]}
        other = {"title": "Looms", "paragraphs": [{"context": "A loom holds threads.", "qas": []}]}
        mill = {"title": "Mills", "paragraphs": [{"context": "Filler.", "qas": []}, {"context": text, "qas": [told]}]}
        write(folder / f"xquad.{language}.json", {"version": "1.1", "data": [other, mill]})


TOOLS = {
    "nodes": [
        {"id": "Photo Whisperer", "desc": "Sees.", "input-type": ["image", "text"], "output-type": ["text"]},
        {"id": "Text_Stitcher", "desc": "Joins texts.", "input-type": ["text", "text"], "output-type": ["text"]},
        {"id": "Text-to-Hum", "desc": "Hums a text.", "input-type": ["text"], "output-type": ["audio"]},
    ]
}  # fmt: skip
NODES = [
    {"task": "Photo Whisperer", "arguments": ["barn.jpg", "whose is it?"]},
    {"task": "Text Stitcher", "arguments": ["<node-0>", "notes.txt"]},
    {"task": "Text-to-Hum", "arguments": ["<node-1>"]},
]
LINKS = [
    {"source": "Photo Whisperer", "target": "Text Stitcher"},
    {"source": "Text Stitcher", "target": "Text-to-Hum"},
]
REQUEST = "Whose barn is on barn.jpg? Add my notes.txt and hum it."


def taskbench(folder: Path) -> None:
    write(folder / "tool_desc.json", TOOLS)
    gone = {"task_nodes": [{"task": "Gone", "arguments": []}], "task_links": []}
    write(
        folder / "data.json",
        rows_of(
            {"id": "31", "seed": 4, "type": "chain", "n_tools": 3, "user_request": REQUEST, "task_steps": ["", "", ""],
             "task_nodes": NODES, "task_links": LINKS},
            {"id": "32", "type": "single", "user_request": "?", **gone},
        ),
    )  # fmt: skip


RAW = {
    "bfcl": bfcl,
    "clinc150": clinc150,
    "taskbench": taskbench,
    "toole": toole,
    "ultratool": ultratool,
    "xquad": xquad,
}

# -- what becomes of them ----------------------------------------------------------------------------------------------


def test_toole(tmp_path: Path) -> None:
    toole(tmp_path)
    conversion = converted("toole", tmp_path)
    described = {
        "TideTool": "Tells the tide.",
        "LoomTool": "Draws weaving patterns.",
        "kiln": "Plans the firing of pottery.",
    }
    assert {row["name"]: row["description"] for row in conversion.files["cards.jsonl"]} == described
    assert all(row["inputs"] == QUERY and row["outputs"] == RESULT for row in conversion.files["cards.jsonl"])
    assert conversion.files["cases.jsonl"] == [
        case("toole-0", "How hot must stoneware be?", [call("kiln")]),
        case("toole-1", "When is high tide, in Hull?", [call("TideTool")]),
    ]
    assert conversion.files["multi.jsonl"] == [
        case("toolem-0", "Fire my pot before the tide", [call("kiln"), call("TideTool")])
    ]
    assert conversion.num_left_out == 2


def test_clinc150(tmp_path: Path) -> None:
    clinc150(tmp_path)
    files = converted("clinc150", tmp_path).files
    ferns = [f"water the ferns {n}" for n in range(12)]
    plants = {"inputs": QUERY, "outputs": RESULT, "examples": ferns[:10]}
    assert files["cards.jsonl"] == [
        {"name": "barn", "description": "barn", "inputs": QUERY, "outputs": RESULT, "examples": ["open the barn"]},
        {"name": "water_plants", "description": "water plants", **plants},
    ]
    assert files["cases.jsonl"] == [
        *(case(f"clinc-train-{n}", fern, [call("water_plants")]) for n, fern in enumerate(ferns)),
        case("clinc-train-12", "open the barn", [call("barn")]),
        case("clinc-oos-train-0", "what is a quark", []),
        case("clinc-val-0", "shut the barn", [call("barn")]),
        case("clinc-oos-val-0", "who sang this", []),
    ]
    assert files["test.jsonl"] == [
        case("clinc-test-0", "is the barn open", [call("barn")]),
        case("clinc-oos-test-0", "why is the sky blue", []),
    ]
    assert converted("clinc150", tmp_path / "data_full.json").files == files


def test_ultratool(tmp_path: Path) -> None:
    ultratool(tmp_path)
    conversion = converted("ultratool", tmp_path)
    ends = {
        "inputs": [{**QUERY[0], "name": "input"}],
        "outputs": [{**QUERY[0], "name": "output"}],
        "examples": [],
    }
    assert conversion.files == {
        "cards.jsonl": [
            {"name": "boat_rent", "description": "Rent a boat", **ends},
            {"name": "net_mend", "description": "补网", **ends},
        ],
        "cases.jsonl": [
            case(
                "ultra-7",
                "租一条船，然后补网。",
                [call("boat_rent"), call("net_mend")],
                [{"source": "boat_rent", "target": "net_mend"}],
            )
        ],
    }
    assert conversion.num_left_out == 1


def test_bfcl(tmp_path: Path) -> None:
    bfcl(tmp_path)
    cases = converted("bfcl", tmp_path).files["cases.jsonl"]
    assert [(row["id"], row["group"], len(row["nodes"])) for row in cases] == [
        ("simple_python_0", "simple_python", 1),
        ("multiple_0", "multiple", 1),
        ("parallel_0", "parallel", 2),
        ("parallel_multiple_0", "parallel_multiple", 2),
        ("live_simple_0", "live_simple", 1),
        ("live_multiple_0", "live_multiple", 1),
        ("live_parallel_0", "live_parallel", 2),
        ("live_parallel_multiple_0", "live_parallel_multiple", 2),
        ("irrelevance_0-0", "irrelevance", 0),
        ("live_irrelevance_0-0", "live_irrelevance", 0),
    ]
    inputs = [
        {"name": "minutes", "kind": "float", "description": "How long.", "required": True},
        {"name": "crust", "kind": "string", "description": "Which.", "required": False,
         "enum": ["soft", "hard"], "default": "soft"},
        {"name": "loaf", "kind": "dict", "description": "", "required": False},
        {"name": "glaze", "kind": "any", "description": "", "required": False},
    ]  # fmt: skip
    bake = {"name": "oven.bake", "description": "Bakes bread.", "inputs": inputs, "outputs": RESULT, "examples": []}
    accepts = {"minutes": [40, 40.0], "crust": ["", "soft"], "loaf": [{"size": [1]}]}
    assert cases[0] == case(
        "simple_python_0",
        "Bake it for 40 minutes",
        [{"expert": "oven.bake", "accepts": accepts}],
        group="simple_python",
        cards=[bake],
    )
    assert cases[-1] == case("live_irrelevance_0-0", "Shoe the horse", [], group="live_irrelevance", cards=[bake])


def test_xquad(tmp_path: Path) -> None:
    xquad(tmp_path)
    files = converted("xquad", tmp_path).files
    assert list(files) == ["passages.en.jsonl", "questions.en.jsonl", "passages.zh.jsonl", "questions.zh.jsonl"]
    assert files["passages.zh.jsonl"] == [
        {"id": "00-0", "title": "Looms", "text": "A loom holds threads."},
        {"id": "01-0", "title": "Mills", "text": "Filler."},
        {"id": "01-1", "title": "Mills", "text": "阿什比的风车有九片帆。"},
    ]
    assert files["questions.zh.jsonl"] == [
        {"id": "q1", "question": "风车有几片帆？", "document": "01-1", "answers": [{"text": "九片", "start": 7}]}
    ]


def port(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "description": "", "required": True}


def test_taskbench(tmp_path: Path) -> None:
    taskbench(tmp_path)
    conversion = converted("taskbench", tmp_path)
    assert [(row["name"], row["inputs"], row["outputs"]) for row in conversion.files["cards.jsonl"]] == [
        ("Photo Whisperer", [port("image", "image"), port("text", "text")], [port("text", "text")]),
        ("Text_Stitcher", [port("text", "text"), port("text_2", "text")], [port("text", "text")]),
        ("Text-to-Hum", [port("text", "text")], [port("audio", "audio")]),
    ]
    nodes = [
        call("Photo Whisperer", image="barn.jpg", text="whose is it?"),
        call("Text_Stitcher", text="notes.txt"),
        call("Text-to-Hum"),
    ]
    links = [
        {"source": "Photo Whisperer", "target": "Text_Stitcher"},
        {"source": "Text_Stitcher", "target": "Text-to-Hum"},
    ]
    assert conversion.files["cases.jsonl"] == [case("taskbench-31", REQUEST, nodes, links, group="chain")]
    assert conversion.num_left_out == 1


def test_taskbench_as_the_hub_spells_it(tmp_path: Path) -> None:
    taskbench(tmp_path)
    wanted = converted("taskbench", tmp_path).files
    renamed = {"tool_nodes": json.dumps(NODES), "tool_links": json.dumps(LINKS), "tool_steps": "[]"}
    write(tmp_path / "data.json", rows_of({"id": "31", "type": "chain", "instruction": REQUEST, **renamed}))
    assert converted("taskbench", tmp_path).files == wanted


# -- as a command ------------------------------------------------------------------------------------------------------


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_command_writes_what_the_evaluation_reads(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RAW[name](tmp_path / "raw")
    out = tmp_path / "new" / name
    assert main([name, "--source", str(tmp_path / "raw"), "--out", str(out)]) == 0
    written = {path.name: lines(path) for path in out.iterdir()}
    conversion = converted(name, tmp_path / "raw")
    assert written == {file: list(rows) for file, rows in conversion.files.items()}
    last = capsys.readouterr().out.splitlines()[-1]
    counts = {file: len(rows) for file, rows in conversion.files.items()}
    assert json.loads(last) == {"set": name, "rows": counts, "left_out": conversion.num_left_out}
    own = [card for row in written.get("cases.jsonl", []) for card in row.get("cards", [])]
    for row in written.get("cards.jsonl", own):
        card = card_of_row(row, out)
        assert [(p.name, p.kind, p.required) for p in card.inputs] == [
            (p["name"], p["kind"], p["required"]) for p in row["inputs"]
        ]


def test_answers_stand_where_they_are_said_to_stand(tmp_path: Path) -> None:
    xquad(tmp_path)
    assert main(["xquad", "--source", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    for language, answer in (("en", "nine"), ("zh", "九片")):
        texts = {p["id"]: p["text"] for p in read_rows(tmp_path / f"out/passages.{language}.jsonl", ("id", "text"))}
        (row,) = read_rows(tmp_path / f"out/questions.{language}.jsonl", ("id", "question"))
        assert relevant_of(row, tmp_path) == {"01-1": 1}
        start = row["answers"][0]["start"]
        assert texts["01-1"][start : start + len(answer)] == answer


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    taskbench(tmp_path / "raw")
    for out in ("a", "b"):
        assert main(["taskbench", "--source", str(tmp_path / "raw"), "--out", str(tmp_path / out)]) == 0
    assert (tmp_path / "a/cases.jsonl").read_bytes() == (tmp_path / "b/cases.jsonl").read_bytes()


# -- what does not fit -------------------------------------------------------------------------------------------------

BROKEN = [  # set, file, what stands in it (None: it is missing), what the message names
    ("toole", "plugin_des.json", None, "plugin_des.json"),
    ("toole", "plugin_des.json", {"kiln": 3}, "the description of kiln is 3"),
    ("toole", "data/all_clean_data.csv", None, "all_clean_data.csv"),
    ("toole", "data/all_clean_data.csv", "Text,Label\na,b\n", "a header with Query, Tool"),
    ("toole", "data/all_clean_data.csv", "Query,Tool\na,unknown\n", "rows for cases.jsonl"),
    ("toole", "data/multi_tool_query_golden.json", [{"query": "a", "tool": "kiln"}], "entry 0, field tool"),
    ("clinc150", "data_full.json", None, "data_full.json"),
    ("clinc150", "data_full.json", "[1,", "a JSON file"),
    ("clinc150", "data_full.json", {"train": [["a", "b", "c"]]}, "train 0"),
    ("clinc150", "data_full.json", {"train": [["a", "b"]]}, "field oos_train"),
    ("ultratool", "tool_desc.json", None, "tool_desc.json"),
    ("ultratool", "tool_desc.json", {"tools": []}, "field nodes"),
    ("ultratool", "tool_desc.json", {"nodes": [{"id": "a"}]}, "node 0, field desc"),
    ("ultratool", "data.json", None, "data.json"),
    ("ultratool", "data.json", '{"id": "1"\n', "data.json:1"),
    ("ultratool", "data.json", '{"id": "1", "user_request": "a"}\n', "row 1, field task_nodes"),
    ("ultratool", "data.json", '{"id": "1", "task_nodes": [], "task_links": [1]}\n', "row 1, field instruction"),
    ("taskbench", "tool_desc.json", {"nodes": [{"id": "a", "desc": "b", "parameters": []}]}, "field input-type"),
    ("taskbench", "tool_desc.json", {"nodes": [{"id": "a", "desc": "b", "input-type": ["smell"]}]}, "'smell'"),
    ("taskbench", "data.json", '{"id": "1", "tool_nodes": "[", "instruction": "a"}\n', "field tool_nodes"),
    ("bfcl", "BFCL_v4_live_parallel.json", None, "BFCL_v4_live_parallel.json"),
    ("bfcl", "possible_answer/BFCL_v4_multiple.json", None, "possible_answer/BFCL_v4_multiple.json"),
    ("bfcl", "possible_answer/BFCL_v4_multiple.json", '{"id": "b", "ground_truth": []}\n', "'multiple_0'"),
    ("bfcl", "BFCL_v4_irrelevance.json", '{"id": "1", "question": [], "function": []}\n', "field question"),
    ("bfcl", "BFCL_v4_irrelevance.json", '{"id": "1", "question": [[]], "function": []}\n', "message of the user"),
    ("bfcl", "BFCL_v4_irrelevance.json", '{"id": "1", "question": [["hello"]], "function": []}\n', "an object"),
    ("bfcl", "BFCL_v4_irrelevance.json", '{"id": "1", "question": [[]], "function": [{"name": "a"}]}\n', "function a"),
    ("xquad", "xquad.en.json", {"data": [{"title": "a"}]}, "xquad.en.json article 0, field paragraphs"),
    ("xquad", "xquad.en.json", b"\xff\xfe", "xquad.en.json"),
]


@pytest.mark.parametrize(("name", "file", "content", "named"), BROKEN)
def test_what_does_not_fit_is_named(
    name: str, file: str, content: Any, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RAW[name](tmp_path / "raw")
    path = tmp_path / "raw" / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write(path, content)
    with pytest.raises(BadRequest) as caught:
        converted(name, tmp_path / "raw")
    assert named in caught.value.message
    assert "docs/public-sets.md" in caught.value.remedy
    assert main([name, "--source", str(tmp_path / "raw"), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().err == f"BadRequest: {caught.value.message}\n{caught.value.remedy}\n"


@pytest.mark.parametrize("name", sorted(SETS))
def test_an_empty_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="a folder that holds"):
        converted(name, tmp_path)
    with pytest.raises(BadRequest, match="that exists"):
        converted(name, tmp_path / "nowhere")


def test_an_unknown_set_and_a_file_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["squad", "--source", str(tmp_path), "--out", str(tmp_path)])
    assert caught.value.code == 2
    toole(tmp_path / "raw")
    write(tmp_path / "out", "a file")
    assert main(["toole", "--source", str(tmp_path / "raw"), "--out", str(tmp_path / "out")]) == 1
    assert "a folder that can be written" in capsys.readouterr().err


def test_every_set_stands_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "public-sets.md").read_text(encoding="utf-8")
    for name in SETS:
        assert f"python -m benchmarks.convert {name} " in page
