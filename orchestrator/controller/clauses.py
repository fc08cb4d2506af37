"""Clauses: a request taken apart into instructions, with the quotes, lists, numbers and file names in them.

Pure; knows no card. All offsets are half-open code points of the request's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.artifact import ArtifactKind, kind_of
from orchestrator.controller.wording import wording
from orchestrator.language import has_chinese, language_of

_QUOTE = re.compile(
    r"“([^”]{1,20000})”|‘([^’]{1,20000})’|「([^」]{1,20000})」|『([^』]{1,20000})』|《([^》]{1,200})》"
    r"|\"([^\"]{1,20000})\"|(?<![\w])'([^'\n]{2,20000})'(?![\w])|```([\s\S]{1,20000}?)```"
)
# Chinese runs on without spaces, so a name that begins with other letters begins where these do ("把report.pdf翻译"),
# and one that begins in Chinese is taken where quotes hold it, or where it stands apart and its stem ends in Chinese.
_SUFFIX = r"\.[A-Za-z][A-Za-z0-9]{1,4}"
_FILE_NAME = re.compile(
    rf"(?<=[“\"「『《])[\w\-]+(?:[./][\w\-]+)*{_SUFFIX}(?=[”\"」』》])"
    rf"|(?:^|(?<=[\s:：,，。（(、]))[\w\-]*[\u4e00-\u9fff]{_SUFFIX}(?![A-Za-z0-9_])"
    rf"|(?<![A-Za-z0-9_/.\-])[A-Za-z0-9_\-]+(?:[./][A-Za-z0-9_\-]+)*{_SUFFIX}(?![A-Za-z0-9_])"
)
# No sign that separates items may stand in one: a path such as a/b/c/... would be tried in exponentially many ways.
_ITEM = r"[^\s:：?？.。!！,，、;；/\n][^:：?？.。!！,，、;；/\n]{0,40}?"
_LIST = re.compile(
    rf"(?:\b(?:as|into|among|between|about|either|whether|labels|categories|classes|options|one\s+of|is\s+it|a|an)\b"
    rf"|分为|分成|属于|标签|类别|选项|是|关于)\s{{0,9}}[:：]?\s{{0,9}}"
    rf"(?P<items>{_ITEM}(?:\s*[,，、;/]\s*{_ITEM}){{0,60}}\s*(?:,?\s*\bor\b|还是|或者|或|,?\s*\band\b|和)\s*{_ITEM})"
    rf"(?=\s*(?:[:：?？.。!！,，;；\n]|$))",
    re.IGNORECASE,
)
_LIST_SEPARATOR = re.compile(r"\s*(?:,\s*(?:or|and)\s+|\s+(?:or|and)\s+|[,，、;/]|还是|或者|或|和)\s*", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\bor\b|还是|或", re.IGNORECASE)
_LIST_CUE = re.compile(
    r"\b(?:as|into|among|labels|categories|classes|options|one\s+of)\b|分为|分成|标签|类别|选项", re.IGNORECASE
)
MEASURE_WORDS = "句个条点段行种张"  # Chinese, behind a number
_NUMBER = re.compile(r"(?<![\w.\-])[-+]?\d+(?:[.,]\d+)*(?![\w])|(?<=[\u4e00-\u9fff])\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Piece:
    """A part of the request's text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class FileName:
    """A file that the text names, and the kind that its ending stands for."""

    piece: Piece
    kind: ArtifactKind


@dataclass(frozen=True)
class Clause:
    """One instruction or question of a request."""

    piece: Piece
    is_after: bool  # it says that it follows what came before ("then")
    instruction: str  # its text with quoted content and file names replaced by plain nouns
    quotes: tuple[Piece, ...]
    items: tuple[str, ...] = ()  # of a list such as "as billing, delivery or praise"

    @property
    def refers_back(self) -> bool:
        """Whether it means the result of an earlier clause ("it", "the summary")."""
        return self.is_after or wording().back.search(self.instruction) is not None

    @property
    def as_of_a_text(self) -> str:
        """The instruction as if the recording or picture that it speaks of were a text."""
        return wording().medium.sub("文字" if has_chinese(self.instruction) else "text", self.instruction)

    @property
    def asked(self) -> Piece:
        """What it asks, without the words before it that say where to look ("according to the contract,")."""
        source = wording().source.match(self.piece.text)
        begin = source.end() if source is not None else 0
        return Piece(self.piece.start + begin, self.piece.end, self.piece.text[begin:])

    @property
    def names_document(self) -> bool:
        """Whether it names a document ("the letter"), which is then not the result of an earlier clause."""
        return wording().document.search(self.instruction) is not None

    @property
    def is_question(self) -> bool:
        return wording().question.search(self.instruction) is not None

    @property
    def wants_lookup(self) -> bool:
        """Whether it names documents, manuals, policies."""
        return wording().lookup.search(self.instruction) is not None

    @property
    def ordinal(self) -> int | None:
        """Position that it names ("the second photo" is 1, "the last" is -1)."""
        return next((k for k, p in wording().ordinals.items() if p.search(self.instruction)), None)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Numbers in digits, or where there is none in small number words, in order."""
        found = [float(m.group().replace(",", "")) for m in _NUMBER.finditer(self.instruction) if _is_number(m.group())]
        if not found:
            for word, value in wording().numbers.items():
                pattern = rf"\b{word}\b" if word.isascii() else rf"{word}(?=[{MEASURE_WORDS}])"
                if re.search(pattern, self.instruction, re.IGNORECASE):
                    found.append(float(value))
        return tuple(found)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def quotes_in(text: str) -> tuple[Piece, ...]:
    """The quoted parts, quotation marks left out; a long text behind a colon counts as quoted too."""
    found = marked_quotes(text)
    if not found and (payload := _payload(text)) is not None:
        return (payload,)
    return found


def marked_quotes(text: str) -> tuple[Piece, ...]:
    """What stands between quotation marks."""
    found = []
    for match in _QUOTE.finditer(text):
        group = next(i for i, value in enumerate(match.groups(), start=1) if value is not None)
        found.append(Piece(match.start(group), match.end(group), match.group(group)))
    return tuple(found)


def _payload(text: str) -> Piece | None:
    """The text that an instruction ends with: "Summarise this: ..."."""
    for match in re.finditer(r"(?<!\d)[:：](?!//)\s*|[:：](?!//|\d)\s*", text):
        if match.start() <= 400 and len(text) - match.end() >= 12 and match.start() > 2:
            before = text[: match.start()]
            if not re.search(r"\w", before) or wording().announces.search(before):
                continue
            end = len(text.rstrip())
            return Piece(match.end(), end, text[match.end() : end])
    return None


def file_names_in(text: str) -> tuple[FileName, ...]:
    """The file names in the text whose ending stands for an artifact kind or a document."""
    names = []
    for match in _FILE_NAME.finditer(text):
        kind = kind_of(match.group())
        if kind != "file" or match.group().rpartition(".")[2].lower() in ("pdf", "docx", "pptx", "html", "zip"):
            names.append(FileName(Piece(match.start(), match.end(), match.group()), kind))
    return tuple(names)


def clauses_of(text: str) -> tuple[Clause, ...]:
    """The request's clauses in order; together they hold every instruction of it."""
    quotes = quotes_in(text)
    hidden = masked(text, quotes)
    listed = _list_in(hidden)
    guarded = hidden
    if listed is not None:
        guarded = hidden[: listed.start] + "\ue002" * (listed.end - listed.start) + hidden[listed.end :]
    clauses: list[Clause] = []
    begin, is_after = 0, False
    for start, end, is_then in [*_cuts(guarded), (len(text), len(text), False)]:
        if wording().lead.search(hidden[begin:start].strip()) and end < len(text) and "\n" not in text[start:end]:
            continue  # "according to the manual," says nothing alone
        clause = _clause(text, hidden, begin, start, is_after, quotes, listed)
        if clause is not None and clauses and clauses[-1].is_question and wording().fragment.match(clause.piece.text):
            before = clauses.pop()
            clause = _clause(text, hidden, before.piece.start, start, before.is_after, quotes, listed)
        if clause is not None:
            clauses.append(clause)
        begin, is_after = end, is_then
    return tuple(clauses)


def _cuts(guarded: str) -> list[tuple[int, int, bool]]:
    """What separates clauses, in order: start, end, and whether it says "then"."""
    words = wording()
    patterns = ((words.then, True), (words.sentence, False), (words.split_and, False))
    found = [(m.start(), m.end(), is_then) for pattern, is_then in patterns for m in pattern.finditer(guarded)]
    cuts: list[tuple[int, int, bool]] = []
    for cut in sorted(found, key=lambda c: (c[0], not c[2], -c[1])):
        if not cuts or cut[0] >= cuts[-1][1]:
            cuts.append(cut)
    return cuts


def _noun(kind: ArtifactKind, text: str) -> str:
    """What a file is called in the language of the text: "the recording", 录音."""
    language = language_of(text)
    return f"{'the ' if language == 'en' else ''}{wording().kinds[language][kind]}"


def _list_in(hidden: str) -> Piece | None:
    """The list of alternatives or labels that a request offers: "billing, delivery or praise"."""
    for match in _LIST.finditer(hidden):
        items = match.group("items")
        if "\ue000" not in items and (_ALTERNATIVES.search(items) or _LIST_CUE.match(match.group())):
            return Piece(match.start("items"), match.end("items"), items)
    return None


def _clause(
    text: str, hidden: str, start: int, end: int, is_after: bool, quotes: tuple[Piece, ...], listed: Piece | None
) -> Clause | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if not re.search(r"\w", text[start:end]):
        return None
    own = tuple(quote for quote in quotes if start <= quote.start and quote.end <= end)
    items: tuple[str, ...] = ()
    if listed is not None and start <= listed.start and listed.end <= end:
        parts = [item.strip(" \"'“”‘’") for item in _LIST_SEPARATOR.split(text[listed.start : listed.end])]
        items = tuple(part for part in parts if part)
    instruction = re.sub("\ue000+", "the text", hidden[start:end])
    names = [name for name in file_names_in(text) if start <= name.piece.start < end]
    for name in names:
        instruction = re.sub("\ue001+", _noun(name.kind, text), instruction, count=1)
    return Clause(Piece(start, end, text[start:end]), is_after, instruction.strip(), own, items)


def masked(text: str, quotes: tuple[Piece, ...]) -> str:
    """The text with quotes and file names overwritten, as long as before: nothing in them is read as an instruction."""
    characters = list(text)
    for quote in quotes:
        characters[quote.start : quote.end] = "\ue000" * (quote.end - quote.start)
    for name in file_names_in(text):
        for position in range(name.piece.start, name.piece.end):
            if characters[position] != "\ue000":
                characters[position] = "\ue001"
    return "".join(characters)
