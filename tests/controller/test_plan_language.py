"""The plan language: what is written is read back whole, what is no plan is named by place, and the grammar agrees."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path
from typing import Any

import pytest

from orchestrator.artifact import Artifact, Audio, Image, Table, Text
from orchestrator.controller.confidence import CalibrationTemperature, decides_structure
from orchestrator.controller.grammar import grammar
from orchestrator.controller.plan_language import read, write
from orchestrator.controller.port_fit import named_files, place_of
from orchestrator.engine.bindings import is_compatible
from orchestrator.errors import BadRequest, BatonError, KindMismatch, PlanCycle, PlanSyntax, UnknownExpert
from orchestrator.types import (
    Attachment,
    Binding,
    Budget,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Request,
    Span,
    Step,
)

READ = ExpertCard(
    name="text_recognition",
    inputs=(Port(name="image", kind="image"),),
    outputs=(Port(name="text", kind="text"), Port(name="lines", kind="json")),
)
SUMMARY = ExpertCard(
    name="summarize",
    inputs=(Port(name="text", kind="text"), Port(name="num_sentences", kind="integer", required=False)),
    outputs=(Port(name="text", kind="text"),),
)
SEARCH = ExpertCard(
    name="library_search",
    inputs=(Port(name="query", kind="string"), Port(name="context", kind="text", required=False)),
    outputs=(Port(name="text", kind="text"), Port(name="passages", kind="json")),
)
LABEL = ExpertCard(
    name="label",
    inputs=(
        Port(name="text", kind="text"),
        Port(name="labels", kind="array", required=False),
        Port(name="style", kind="string", enum=("short", "long"), required=False),
        Port(name="margin", kind="float", required=False),
        Port(name="strict", kind="boolean", required=False),
        Port(name="options", kind="dict", required=False),
    ),
    outputs=(Port(name="labels", kind="labels"),),
)
PAGES = ExpertCard(
    name="pages.cut-out",
    inputs=(Port(name="file", kind="file"), Port(name="size of page", kind="any", required=False)),
    outputs=(Port(name="images", kind="image", many=True),),
)
CARDS = (READ, SUMMARY, SEARCH, LABEL, PAGES)
PHOTO = Image.from_bytes(b"photo", name="sign.jpg")
SHEET = Table.from_bytes(b"a,b\n1,2\n", name="sales.csv")
ASKED = Request(text='Read "the sign", look up the sign\nin short: 读出文字', artifacts=(PHOTO, PHOTO, SHEET))


def planned(*steps: Step, **fields: Any) -> Plan:
    return Plan(**{"status": "planned", **fields}, steps=steps)


SIGN = Output(step="s1", port="text")
READING = Step(id="s1", expert="text_recognition", inputs={"image": Attachment(index=0)})
PLANS = {
    "s1 = text_recognition(image=$1)\n": planned(READING),
    's1 = text_recognition(image=$1)\ns2 = library_search(query="look up the sign", context=s1.text)\n'
    "s3 = summarize(text=s1.text, num_sentences=2) after s2\n": planned(
        READING,
        Step(id="s2", expert="library_search", inputs={"query": Span(start=17, end=33), "context": SIGN}),
        Step(
            id="s3",
            expert="summarize",
            inputs={"text": SIGN, "num_sentences": Literally(value=2)},
            after=("s2",),
        ),
    ),
    "s1 = text_recognition(image=[$1, $2]) each image silent\n": planned(
        Step(
            id="s1",
            expert="text_recognition",
            inputs={"image": Collection(items=(Attachment(index=0), Attachment(index=1)))},
            each="image",
            asked=False,
        )
    ),
    "s1 = pages.cut-out(file=$3, `size of page`=[1, 2])\ns2 = text_recognition(image=s1.images) each image\n": planned(
        Step(
            id="s1",
            expert="pages.cut-out",
            inputs={"file": Attachment(index=2), "size of page": Literally(value=[1, 2])},
        ),
        Step(id="s2", expert="text_recognition", inputs={"image": Output(step="s1", port="images")}, each="image"),
    ),
    's1 = library_search(query="the sign"@25)\n': planned(
        Step(id="s1", expert="library_search", inputs={"query": Span(start=25, end=33)})
    ),
    "s1 = library_search(query='the sign', context=$0)\n": planned(
        Step(
            id="s1",
            expert="library_search",
            inputs={"query": Literally(value="the sign"), "context": Span(start=0, end=len(ASKED.text))},
        )
    ),
    's1 = label(text="nowhere", labels=["urgent", \'sign\', true, 0.5, null], style="short", margin=2.0, strict=false, '
    'options={"a": [1, {"b": "the sign"}]})\n': planned(
        Step(
            id="s1",
            expert="label",
            inputs={
                "text": Literally(value="nowhere"),
                "labels": Literally(value=["urgent", "sign", True, 0.5, None]),
                "style": Literally(value="short"),
                "margin": Literally(value=2.0),
                "strict": Literally(value=False),
                "options": Literally(value={"a": [1, {"b": "the sign"}]}),
            },
        )
    ),
    "s1 = library_search(query='\"the sign\", look')\n": planned(
        Step(id="s1", expert="library_search", inputs={"query": Literally(value='"the sign", look')})
    ),
    's1 = label(text=["sign", "it\'s\\n\\"x\\"\\\\", $0], labels=[1,], style="short"@37)\n': planned(
        Step(
            id="s1",
            expert="label",
            inputs={
                "text": Collection(
                    items=(
                        Span(start=10, end=14),
                        Literally(value='it\'s\n"x"\\'),
                        Span(start=0, end=len(ASKED.text)),
                    )
                ),
                "labels": Collection(items=(Literally(value=1),)),
                "style": Span(start=37, end=42),
            },
        )
    ),
    's1 = text_recognition(image=?)\nask "Which picture?"\n': planned(
        Step(id="s1", expert="text_recognition"), status="needs_input", question="Which picture?"
    ),
    'ask "哪一张图？"\n': planned(status="needs_input", question="哪一张图？"),
    "decline\n": planned(status="abstained"),
    'decline "Nothing fits \\"that\\"."\n': planned(status="abstained", question='Nothing fits "that".'),
}


@pytest.mark.parametrize("text", PLANS)
def test_a_plan_is_written_and_read_as_documented(text: str) -> None:
    assert write(PLANS[text], ASKED, CARDS) == text
    assert read(text, ASKED, CARDS) == PLANS[text]


def test_a_person_may_write_more_freely() -> None:
    text = "\n  b=summarize( text = a.text )   after a\r\n\n a = text_recognition(image=$2,)\n"
    with pytest.raises(PlanSyntax):
        read(text, ASKED, CARDS)
    plan = read(text.replace(",)", ")"), ASKED, CARDS)
    assert [(step.id, step.after) for step in plan.steps] == [("a", ()), ("b", ("a",))]


def test_a_missing_input_is_asked_for_in_the_requests_language() -> None:
    plan = read("s1 = text_recognition(image=?)\n", ASKED.model_copy(update={"text": "Read the sign"}), CARDS)
    assert plan == planned(
        Step(id="s1", expert="text_recognition"),
        status="needs_input",
        question="Please attach the picture that this is about.",
    )
    chinese = read("s1 = text_recognition(image=?)\n", ASKED.model_copy(update={"text": "读出文字"}), CARDS)
    assert chinese.question is not None
    assert "图" in chinese.question


def test_a_file_that_the_text_names_stands_for_it() -> None:
    request = Request(text="Compare aa.jpg with a.jpg and notes.txt")
    plan = read('s1 = text_recognition(image="a.jpg")', request, CARDS)
    assert plan.steps[0].inputs == {"image": Span(start=20, end=25)}
    with pytest.raises(KindMismatch):
        read('s1 = text_recognition(image="notes.txt")', request, CARDS)


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("", 1, 1, "a step, ask or decline"),
        ("I think you should read it.", 1, 3, "'='"),
        ("s1 = ", 1, 6, "the name of an expert"),
        ("s1 = summarize(text=$0", 1, 23, "',' or ')'"),
        ("s1 = summarize($1)", 1, 16, "the name of an input"),
        ("s1 = summarize(text=$0, tone=1)", 1, 25, "another input of summarize: text, num_sentences"),
        ("s1 = summarize(text=$0, text=$0)", 1, 25, "another input of summarize: text, num_sentences"),
        ("s1 = summarize()", 1, 17, "the required input text of summarize (write text=? to ask)"),
        ("s1 = summarize(text=$0, num_sentences=?)", 1, 39, "a value; num_sentences may be left out"),
        ("s1 = text_recognition(image=$4)", 1, 29, "$0 to $3"),
        ("s1 = summarize(text=it)", 1, 21, "a value: $1"),
        ("s1 = summarize(text=s2.text)", 1, 21, "one of the steps s1"),
        ("s1 = summarize(text=$0) after s7", 1, 31, "one of the steps s1"),
        ("s1 = summarize(text=$0)\ns2 = summarize(text=s1.sound)", 2, 21, "an output of summarize: text"),
        ("s1 = summarize(text=$0)\ns1 = summarize(text=$0)", 2, 1, "a name that no step has yet"),
        ("s1 = summarize(text=$0) then stop", 1, 25, "the end of the line"),
        ("s1 = summarize(text=$0) each num_sentences", 1, 43, "an input that the step binds: text"),
        ('s1 = summarize(text="open)', 1, 21, "a closing quote or a name"),
        ('s1 = summarize(text="\\q")', 1, 21, "a string with JSON escapes"),
        ('s1 = summarize(text="the sign"@3)', 1, 31, 'a place where "the sign" stands in the request'),
        ("s1 = summarize(text=@5:999)", 1, 21, "@start:end within 0 and 48"),
        ("decline\ns1 = summarize(text=$0)", 2, 1, "nothing behind 'decline'"),
        ("ask which", 1, 5, "a question in quotes"),
        ("s1 = label(text=$0, labels=" + "[" * 5000, 1, 80, "at most 50 lists"),
        ("s1 = label(text=$0, margin=" + "9" * 5000 + ")", 1, 28, "a number"),
        ("s1 = label(text=$0, margin=1e999)", 1, 28, "a number of a size"),
        ("s1 = label(text=$0, margin=007)", 1, 28, "a number"),
        ("s1 = label(text=$" + "9" * 5000 + ")", 1, 17, "$0 to $3"),
        ("s1 = label(text=@" + "9" * 5000 + ")", 1, 17, "@start:end within"),
        ('s1 = label(text="\\ud800")', 1, 17, "a string with JSON escapes"),
        ("s1 = " + "summarize(" * 9000, 1, 16, "another input"),
    ],
)
def test_what_is_no_plan_is_named_by_its_place(text: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(PlanSyntax) as caught:
        read(text, ASKED, CARDS)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.expected.startswith(expected)
    assert f"line {line}, column {column}: found " in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s1 = text_recognition(image=$3)", "$3 gives table, but s1.image takes image"),
        ('s1 = text_recognition(image="sign")', '"sign" gives string, but s1.image takes image'),
        ("s1 = summarize(text=7)", "7 gives integer, but s1.text takes text"),
        ("s1 = summarize(text=$0, num_sentences=2.5)", "2.5 gives float, but s1.num_sentences takes integer"),
        ("s1 = summarize(text=$0, num_sentences=true)", "true gives boolean, but s1.num_sentences takes integer"),
        ('s1 = label(text=$0, style="loud")', "\"loud\" gives string, but s1.style takes one of 'short', 'long'"),
        ("s1 = text_recognition(image=[$1, $2])", "a list gives 2 of them, but s1.image takes one image"),
        (
            "s1 = pages.cut-out(file=$3)\ns2 = text_recognition(image=s1.images)",
            "s1.images gives a list of image, but s2.image takes image",
        ),
        (
            "s1 = text_recognition(image=$1)\ns2 = text_recognition(image=s1.text)",
            "s1.text gives text, but s2.image takes image",
        ),
    ],
)
def test_kinds_that_do_not_fit_are_named(text: str, message: str) -> None:
    with pytest.raises(KindMismatch) as caught:
        read(text, ASKED, CARDS)
    assert caught.value.message == message


def test_an_unknown_expert_and_a_circle_have_errors_of_their_own() -> None:
    with pytest.raises(UnknownExpert) as caught:
        read("s1 = sumarize(text=$0)", ASKED, CARDS)
    assert caught.value.nearest[0] == "summarize"
    with pytest.raises(PlanCycle) as circle:
        read("s1 = summarize(text=s2.text)\ns2 = summarize(text=s1.text)", ASKED, CARDS)
    assert circle.value.steps in (("s1", "s2", "s1"), ("s2", "s1", "s2"))
    with pytest.raises(UnknownExpert):
        write(planned(Step(id="s1", expert="nobody")), ASKED, CARDS)
    with pytest.raises(BadRequest):
        write(planned(Step(id="s1", expert="label", inputs={"margin": Literally(value=float("nan"))})), ASKED, CARDS)


def test_ids_that_the_language_cannot_say_are_replaced() -> None:
    plan = planned(
        Step(id="first step", expert="summarize", inputs={"text": Span(start=0, end=4)}),
        Step(id="ask", expert="summarize", inputs={"text": Output(step="first step", port="text")}),
    )
    assert write(plan, ASKED, CARDS) == 's1 = summarize(text="Read")\ns2 = summarize(text=s1.text)\n'


# -- random plans ------------------------------------------------------------------------------------------------------

KINDS = ("text", "image", "audio", "table", "labels", "json", "file", "string", "integer", "float", "boolean", "array")
ALPHABET = string.ascii_letters + string.digits + " \n\t\"'\\`$@.,=()[]{}?#é读出文字😀\u2028"


def a_name(rng: random.Random) -> str:
    first = rng.choice(string.ascii_letters)
    return first + "".join(rng.choices(string.ascii_letters + string.digits + "_.-", k=rng.randint(0, 8)))


def a_text(rng: random.Random, most: int = 12) -> str:
    return "".join(rng.choices(ALPHABET, k=rng.randint(0, most)))


def a_port(rng: random.Random, name: str) -> Port:
    kind: Any = rng.choice((*KINDS, "dict", "any"))
    enum = tuple({a_text(rng) + "e" for _ in range(3)}) if kind == "string" and rng.random() < 0.3 else ()
    return Port(name=name, kind=kind, enum=enum, required=rng.random() < 0.6, many=not enum and rng.random() < 0.15)


def some_cards(rng: random.Random) -> list[ExpertCard]:
    names = {a_name(rng) for _ in range(6)}
    return [
        ExpertCard(
            name=name,
            inputs=tuple(a_port(rng, port) for port in {a_name(rng), "strange name", "text"}),
            outputs=tuple(
                Port(name=port, kind=rng.choice(KINDS), many=rng.random() < 0.2) for port in {a_name(rng), "two words"}
            ),
        )
        for name in sorted(names)
    ]


def a_literal(rng: random.Random, port: Port) -> Literally | None:
    if port.enum:
        return Literally(value=rng.choice(port.enum))
    values: dict[str, Any] = {
        "text": a_text(rng),
        "string": a_text(rng),
        "integer": rng.randint(-9, 10**6),
        "float": rng.choice((rng.uniform(-1e6, 1e6), 1e-9, -3.0, 7)),
        "boolean": rng.random() < 0.5,
        "array": [a_text(rng), rng.randint(0, 9), [a_text(rng)], None],
        "dict": {a_text(rng): {a_text(rng): [1.5, a_text(rng), None, True]}},
        "json": rng.choice(([], {}, "x", 3)),
        "any": rng.choice((a_text(rng), 3, None, [a_text(rng)])),
    }
    return Literally(value=values[port.kind]) if port.kind in values else None


def a_binding(rng: random.Random, port: Port, request: Request, steps: list[Step], cards: dict[str, ExpertCard]) -> Any:
    """A binding that the port takes, and whether it is a list that no single run takes."""
    options: list[tuple[Binding, bool]] = [
        (Attachment(index=i), False) for i, a in enumerate(request.artifacts) if is_compatible(a.kind, port.kind)
    ]
    for step in steps:
        for output in cards[step.expert].outputs:
            if is_compatible(output.kind, port.kind):
                options.append((Output(step=step.id, port=output.name), output.many))
    if port.kind in ("text", "string", "any", "json", "array") and not port.enum:
        start = rng.randint(0, len(request.text))
        options.append((Span(start=start, end=rng.randint(start, len(request.text))), False))
    literal = a_literal(rng, port)
    if literal is not None and not port.many:
        options.append((literal, False))
    references = [binding for binding, _ in options if not isinstance(binding, Literally)]
    if references and rng.random() < 0.3:
        options = [(Collection(items=tuple(rng.choices(references, k=rng.randint(1, 3)))), True)]
    return rng.choice(options) if options else (None, False)


def a_plan(rng: random.Random, request: Request, cards: dict[str, ExpertCard]) -> Plan:
    steps: list[Step] = []
    is_whole = True
    for number in range(rng.randint(1, 6)):
        card = rng.choice(list(cards.values()))
        inputs, lists = {}, []
        for port in card.inputs:
            binding, is_list = a_binding(rng, port, request, steps, cards)
            if binding is None or (not port.required and rng.random() < 0.4):
                is_whole = is_whole and not port.required
                continue
            takes_list = port.many or port.kind in ("text", "string", "array", "any", "json")
            if is_list and not takes_list and lists:
                binding = None
                is_whole = is_whole and not port.required
                continue
            inputs[port.name] = binding
            lists += [port.name] if is_list and not takes_list else []
        steps.append(
            Step(
                id=f"s{number + 1}",
                expert=card.name,
                inputs=inputs,
                each=lists[0] if lists else None,
                after=tuple(step.id for step in steps if rng.random() < 0.2),
                asked=rng.random() < 0.9,
            )
        )
    status = "planned" if is_whole else "needs_input"
    return Plan(status=status, steps=tuple(steps), question=None if is_whole else a_text(rng))  # type: ignore[arg-type]


def a_request(rng: random.Random) -> Request:
    kinds = (PHOTO, SHEET, Audio.from_bytes(b"sound", name="a.wav"), Text("a note"))
    artifacts: tuple[Artifact, ...] = tuple(rng.choices(kinds, k=rng.randint(0, 3)))
    return Request(text=a_text(rng, 40) + "x", artifacts=artifacts)


@pytest.mark.parametrize("seed", range(8))
def test_random_plans_are_read_back_whole(seed: int) -> None:
    rng = random.Random(seed)
    num_steps = 0
    for _ in range(60):
        cards, request = {card.name: card for card in some_cards(rng)}, a_request(rng)
        plan = a_plan(rng, request, cards)
        text = write(plan, request, list(cards.values()))
        assert read(text, request, list(cards.values())) == plan, text
        num_steps += len(plan.steps)
    assert num_steps > 100


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_plan_is_a_typed_error_or_another_plan(seed: int) -> None:
    rng = random.Random(seed)
    num_refused = 0
    for _ in range(150):
        text = list(rng.choice(list(PLANS)))
        for _ in range(rng.randint(1, 3)):
            text[rng.randrange(len(text))] = rng.choice(ALPHABET)
        try:
            plan = read("".join(text), ASKED, CARDS)
        except BatonError:
            num_refused += 1
        else:
            assert read(write(plan, ASKED, CARDS), ASKED, CARDS) == plan
    assert num_refused > 50


# -- the grammar -------------------------------------------------------------------------------------------------------


def tokenizer() -> Any:
    """llguidance's tokenizer of bytes: one token a byte, and an end."""
    from llguidance import LLTokenizer, TokenizerWrapper

    class Bytes:
        eos_token_id = 256
        bos_token_id = None
        tokens = [*(bytes([i]) for i in range(256)), b"<end>"]
        special_token_ids = [256]

        def __call__(self, text: bytes | str) -> list[int]:
            return list(text if isinstance(text, bytes) else text.encode())

    return LLTokenizer(TokenizerWrapper(Bytes()), slices=[])


def can_be_written(line: str, request: Request = ASKED, before: str = "", **options: Any) -> bool:
    """Whether the grammar has this line behind those."""
    from llguidance import LLMatcher

    steps = read(before, request, CARDS).steps if before else ()
    matcher = LLMatcher(
        tokenizer(), LLMatcher.grammar_from_lark(grammar(CARDS, request, steps, **options)), log_level=0
    )
    assert not matcher.is_error(), matcher.get_error()
    tokens = list(f"{line}\n".encode())
    return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_stopped())


FIRST = "s1 = text_recognition(image=$1)\n"


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", "s1 = text_recognition(image=$2)"),
        ("", "s1 = text_recognition(image=[$1, $2]) each image"),
        ("", "s1 = text_recognition(image=?)"),
        ("", "s1 = summarize(text=$0, num_sentences=3)"),
        ("", 's1 = library_search(query="look up the sign")'),
        ("", 's1 = label(text="a", labels=["b", 2, true], style="long", margin=0.5, strict=true, options={"a": [1]})'),
        ("", "s1 = pages.cut-out(file=$3, `size of page`=4)"),
        ("", "decline"),
        ("", 'ask "Which \\"one\\"?"'),
        (FIRST, "s2 = summarize(text=s1.text)"),
        (FIRST, 's2 = library_search(query="sign", context=s1.text) after s1 silent'),
        ("s1 = pages.cut-out(file=$3)\n", "s2 = text_recognition(image=s1.images) each image"),
    ],
)
def test_the_grammar_has_what_is_a_plan(before: str, line: str) -> None:
    read(f"{before}{line}\n", ASKED, CARDS)
    assert can_be_written(line, before=before)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", "s1 = sumarize(text=$0)"),
        ("", "s1 = summarize(tone=$0)"),
        ("", "s1 = summarize(num_sentences=3)"),
        ("", "s1 = summarize(text=$0, num_sentences=many)"),
        ("", "s1 = summarize(text=$0, num_sentences=2.5)"),
        ("", "s1 = summarize(text=$0, num_sentences=2"),
        ("", "s1 = text_recognition(image=$3)"),
        ("", "s1 = text_recognition(image=$4)"),
        ("", "s1 = text_recognition(image=[$1, $2])"),
        ("", 's1 = text_recognition(image="the sign")'),
        ("", 's1 = label(text=$0, style="loud")'),
        ("", "s1 = summarize(text=s2.text)"),
        ("", "Sure, here is the plan:"),
        (FIRST, "s2 = text_recognition(image=s1.text)"),
        (FIRST, "s2 = summarize(text=s1.sound)"),
        (FIRST, "s2 = summarize(text=s2.text)"),
        (FIRST, "s2 = summarize(text=s1.text) after s2"),
        ("s1 = pages.cut-out(file=$3)\n", "s2 = text_recognition(image=s1.images)"),
    ],
)
def test_the_grammar_has_nothing_else(before: str, line: str) -> None:
    with pytest.raises(BatonError):
        read(f"{before}{line}\n", ASKED, CARDS)
    assert not can_be_written(line, before=before)


def test_of_equal_plans_the_grammar_has_one_spelling() -> None:
    for before, line in (
        ("", "s2 = summarize(text=$0)"),
        ("", "s1 = summarize(num_sentences=3, text=$0)"),
        ("", "s1 = summarize( text=$0)"),
        (FIRST, "decline"),
    ):
        read(f"{before}{line}\n", ASKED, CARDS)
        assert not can_be_written(line, before=before)


def test_no_string_is_invented_where_only_quotes_are_legal() -> None:
    for line, is_quote in (
        ('s1 = library_search(query="look up")', True),
        ('s1 = library_search(query="\\"the sign\\", look")', True),
        ('s1 = library_search(query="sign\\nin")', True),
        ('s1 = library_search(query="读出")', True),
        ('s1 = library_search(query="pressure")', False),
    ):
        assert can_be_written(line, only_quotes=True) is is_quote
        assert can_be_written(line) is True


def test_no_step_is_planned_beyond_the_budget() -> None:
    one = ASKED.model_copy(update={"budget": Budget(max_steps=1)})
    assert can_be_written("s1 = summarize(text=$0)", one)
    assert not can_be_written("s2 = summarize(text=$0)", one, FIRST)


# -- confidence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "decides"),
    [
        ("", True),
        ("s1 = ", True),
        ("s1 = summarize(text=", True),
        ("s1 = summarize(text=s", True),
        ("s1 = summarize(text=$", True),
        ('s1 = summarize(text="lo', False),
        ('s1 = summarize(text="a \\" b', False),
        ('s1 = summarize(text="lo"', True),
        ('s1 = summarize(text="lo", num_sentences=1', False),
        ("s1 = label(labels=[1, 2", False),
        ("s1 = label(labels=[1, ", True),
    ],
)
def test_letters_of_a_value_decide_nothing(line: str, decides: bool) -> None:
    assert decides_structure(line) is decides


def test_a_temperature_makes_confidence_what_happens() -> None:
    rng = random.Random(0)
    chances = [rng.uniform(0.05, 0.95) for _ in range(4000)]
    is_right = [rng.random() < chance for chance in chances]
    overconfident = [chance ** (1 / 3) for chance in chances]
    fitted = CalibrationTemperature.fit(overconfident, is_right)
    assert fitted.value == pytest.approx(1 / 3, rel=0.08)
    assert CalibrationTemperature.fit(chances, is_right).value == pytest.approx(1.0, rel=0.08)
    assert CalibrationTemperature(value=4).calibrated(0.5**4) == pytest.approx(0.5)
    with pytest.raises(BadRequest):
        CalibrationTemperature.fit([], [])


def test_places_are_the_first_occurrence_or_the_files() -> None:
    text = Port(name="text", kind="text")
    image = Port(name="image", kind="image")
    request = Request(text="a.png, then a.png")
    assert (place_of("a.png", text, request), place_of("a.png", image, request)) == (0, 0)
    assert (place_of("then", text, request), place_of("then", image, request), place_of("", text, request)) == (
        7,
        None,
        None,
    )
    assert [file.piece.start for file in named_files(image, request)] == [0, 12]


# -- the manual --------------------------------------------------------------------------------------------------------

MANUAL = (Path(__file__).parents[2] / "docs" / "plan-language.md").read_text("utf-8")


@pytest.mark.parametrize("text", re.findall(r"```plan\n(.*?)```", MANUAL, re.DOTALL))
def test_the_manuals_plans_are_read_and_written(text: str) -> None:
    labels = LABEL.model_copy(
        update={
            "name": "zero_shot_classification",
            "inputs": (Port(name="text", kind="text"), Port(name="labels", kind="array")),
        }
    )
    request = Request(
        text='Read "the sign", look up the sign in the manual in 2 sentences',
        artifacts=(PHOTO, Image.from_bytes(b"other", name="back.jpg")),
    )
    cards = (READ, SUMMARY, SEARCH, labels)
    assert write(read(text, request, cards), request, cards) == text
