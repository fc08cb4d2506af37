"""Synthetic cases: the same for a seed, exact offsets, right plans, twins, and everything that wording should do."""

import itertools
import time

import pytest

from orchestrator.controller.training.synthetic import (
    Argument,
    SyntheticCase,
    SyntheticNode,
    describe,
    domains,
    synthetic_cases,
)
from orchestrator.controller.training.synthetic.experts import invent
from orchestrator.controller.training.synthetic.lexicon import MEDIA_DOMAINS, operations
from orchestrator.engine.bindings import is_compatible
from orchestrator.errors import BadRequest
from orchestrator.language import has_chinese
from orchestrator.types import ExpertCard

NUM_CASES = 3000


@pytest.fixture(scope="module")
def cases() -> list[SyntheticCase]:
    return list(synthetic_cases(NUM_CASES, seed=7))


def _flat(argument: Argument) -> list[Argument]:
    return [argument, *(inner for item in argument.items for inner in _flat(item))]


def _arguments(case: SyntheticCase) -> list[Argument]:
    return [inner for node in case.nodes for argument in node.arguments.values() for inner in _flat(argument)]


def _card(case: SyntheticCase, name: str) -> ExpertCard:
    return next(card for card in case.cards if card.name == name)


def test_the_same_seed_gives_the_same_cases_and_a_longer_stream_begins_alike(cases):
    assert list(synthetic_cases(300, seed=7)) == cases[:300]
    assert [c.request for c in synthetic_cases(50, seed=8)] != [c.request for c in cases[:50]]


def test_the_stream_is_lazy():
    assert len(list(itertools.islice(synthetic_cases(10**9, seed=1), 5))) == 5


def test_spans_are_exact(cases):
    spans = [(case, a) for case in cases for a in _arguments(case) if a.source == "span"]
    assert len(spans) > 1000
    assert all(case.request[a.start : a.end] == a.value and a.value.strip() == a.value for case, a in spans)


def test_evidence_of_values_and_attachments_lies_in_the_request(cases):
    for case in cases:
        for argument in _arguments(case):
            if argument.source == "value":
                assert 0 <= argument.start < argument.end <= len(case.request)
            if argument.source == "attachment":
                name = case.files[argument.index]
                assert argument.start is None or case.request[argument.start : argument.end] == name


def test_digits_in_the_evidence_are_the_number(cases):
    checked = 0
    for case in cases:
        for node in case.nodes:
            for name, argument in node.arguments.items():
                port = _card(case, node.expert).input(name)
                evidence = case.request[argument.start : argument.end] if argument.source == "value" else ""
                if port.kind == "integer" and evidence.isdigit() and evidence.isascii():
                    assert argument.value == int(evidence)
                    checked += 1
    assert checked > 100


def test_every_expert_is_among_two_to_forty_cards_of_different_names(cases):
    for case in cases:
        names = [card.name for card in case.cards]
        assert 2 <= len(names) <= 40
        assert len(set(names)) == len(names)
        assert {node.expert for node in case.nodes} <= set(names)


def test_arguments_belong_to_ports_and_required_ports_are_filled(cases):
    for case in cases:
        gaps = []
        for node in case.nodes:
            card = _card(case, node.expert)
            assert set(node.arguments) <= {port.name for port in card.inputs}
            gaps += [port.name for port in card.inputs if port.required and port.name not in node.arguments]
            for name, argument in node.arguments.items():
                enum = card.input(name).enum
                assert not enum or argument.value in enum
        assert gaps == ([case.missing] if case.status == "needs_input" else [])


def test_links_are_the_references_and_their_kinds_fit(cases):
    num_links = 0
    for case in cases:
        wanted = set()
        for target, node in enumerate(case.nodes):
            wanted |= {(source, target) for source in node.after}
            for name, argument in node.arguments.items():
                for output in argument.outputs:
                    wanted.add((output.node, target))
                    source = _card(case, case.nodes[output.node].expert).output(output.port)
                    assert is_compatible(source.kind, _card(case, node.expert).input(name).kind)
        assert set(case.links) == wanted
        assert all(source < target for source, target in case.links)
        num_links += len(case.links)
    assert num_links > 2000


def test_each_runs_over_several_things(cases):
    found = [(case, node) for case in cases for node in case.nodes if node.each]
    assert len(found) > 50
    for case, node in found:
        argument = node.arguments[node.each]
        assert argument.source == "output" or len(argument.items) > 1, case.request


def test_declined_cases_have_no_plan(cases):
    assert all((case.status == "abstained") == (case.nodes == ()) for case in cases)


def _shape(case: SyntheticCase) -> list[object]:
    return [
        (node.expert, {name: a.value for name, a in node.arguments.items() if a.source == "value" and name != "names"})
        for node in case.nodes
    ]


def test_twins_are_one_graph_in_two_languages(cases):
    pairs = [pair for pair in itertools.pairwise(cases) if pair[0].twin_of and pair[0].twin_of == pair[1].twin_of]
    assert len(pairs) > 500
    for english, chinese in pairs:
        assert (english.language, chinese.language) == ("en", "zh")
        assert english.cards == chinese.cards
        assert (english.files, english.links, english.status) == (chinese.files, chinese.links, chinese.status)
        assert [node.expert for node in english.nodes] == [node.expert for node in chinese.nodes]
        assert [set(node.arguments) for node in english.nodes] == [set(node.arguments) for node in chinese.nodes]
        for one, other in zip(english.nodes, chinese.nodes, strict=True):
            for name, argument in one.arguments.items():
                if isinstance(argument.value, int | float) and argument.source == "value":
                    assert argument.value == other.arguments[name].value


def test_chinese_requests_are_chinese_and_english_ones_are_not(cases):
    told = [case for case in cases if case.nodes and not any(has_chinese(name) for name in case.files)]
    assert all(has_chinese(case.request) for case in told if case.language == "zh")
    named = [case for case in told if case.language == "en" and has_chinese(case.request)]
    assert all(any(has_chinese(str(a.value)) for a in _arguments(case)) for case in named)


def test_no_field_is_left_and_no_clause_is_empty(cases):
    for case in cases:
        assert not {"{", "}"} & set(case.request), case.request
        assert case.request.strip()
        assert "  " not in case.request, case.request


def test_everything_that_wording_should_do_occurs():
    found = describe(synthetic_cases(NUM_CASES, seed=3))
    assert set(found.phenomena) >= {
        "single", "parallel", "independent", "chain", "tree", "join", "ordered", "each", "unsaid step", "small talk",
        "question", "situation", "terse", "facts", "nested", "pronoun", "both", "reversed", "list", "in order",
        "distraction", "misspelt", "lower case", "code-mixed", "file first", "file names",
    }  # fmt: skip
    assert set(found.statuses) == {"planned", "needs_input", "abstained"}
    assert set(found.arguments) == {"span", "value", "output", "attachment", "collection"}
    assert set(found.steps) >= {0, 1, 2, 3, 4, 5, 6}
    assert found.num_requests > 0.97 * found.num_cases
    assert min(found.languages.values()) > 0.45 * found.num_cases
    assert set(found.domains) == set(domains())


def test_there_are_sixty_domains_and_thousands_of_experts():
    assert len(domains()) >= 60
    names = {invent(o, v, "typed").card.name for o in operations() for v in range(4)}
    assert len(names) > 5000


def test_every_invented_card_is_a_legal_card():
    for operation, style in itertools.product(operations(), ("typed", "opaque")):
        card = invent(operation, 0, style).card
        assert ExpertCard.model_validate(card.model_dump()) == card
        ports = [port.name for port in card.inputs]
        assert len(set(ports)) == len(ports)


def test_domains_can_be_chosen_and_left_out():
    chosen = list(synthetic_cases(200, seed=2, domains=("weather", "banking", "text", "sinks")))
    assert {d for case in chosen for d in case.domains} == {"weather", "banking", "text", "sinks"}
    without = describe(synthetic_cases(500, seed=2, exclude_domains=("weather", *MEDIA_DOMAINS)))
    assert not {"weather", *MEDIA_DOMAINS} & set(without.domains)
    assert {case.language for case in synthetic_cases(50, seed=2, languages=("zh",))} == {"zh"}


@pytest.mark.parametrize("arguments", [{"domains": ("wether",)}, {"exclude_domains": ("x",)}, {"domains": ("sinks",)}])
def test_a_domain_that_does_not_exist_is_refused(arguments):
    with pytest.raises(BadRequest):
        next(synthetic_cases(1, seed=1, **arguments))


def test_a_thousand_cases_take_seconds():
    list(synthetic_cases(500, seed=20))
    start = time.process_time()
    assert len(list(synthetic_cases(1000, seed=21))) == 1000
    assert time.process_time() - start < 6  # about one on a free core


def test_description_counts():
    span = Argument("span", "Oslo", 0, 4)
    node = SyntheticNode("find_hotels", {"city": span, "kind": Argument("collection", items=(span,))})
    case = SyntheticCase("a", "Oslo hotels", "en", (), (), (node,), (), "planned", phenomena=("terse",))
    empty = SyntheticCase("b", "你好", "zh", (), (), (), (), "abstained")
    found = describe([case, empty])
    assert (found.num_cases, found.num_experts, found.num_requests) == (2, 1, 2)
    assert found.languages == {"en": 1, "zh": 1}
    assert found.statuses == {"planned": 1, "abstained": 1}
    assert found.steps == {0: 1, 1: 1}
    assert found.arguments == {"span": 1, "collection": 1}
    assert found.phenomena == {"terse": 1}
