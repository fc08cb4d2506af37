"""Names: what a port's description says that a word should be called: options, codes, abbreviations. Pure."""

from __future__ import annotations

import functools
import re

_QUOTED = re.compile(r"(?<!\w)['\"‘“`]([^'\"’”`]{1,60})['\"’”`](?!\w)")
_OPENED = re.compile(
    r"(?:can be|could be|either|one of|options?(?: are)?|choices?|valid values(?: include)?|supports?|values?"
    r"|e\.g\.,?|such as|for example,?|like|\(|：|:|可选|包括|例如|如)[ :：]*([^.()。（）]{3,200})",
    re.IGNORECASE,
)
_MEANS = r"(?:for|=|:|corresponds to|refers to|stands for|represents|denotes|means|is|表示|代表|为)"
_MEANING = rf"['\"]?\s*{_MEANS}\s*(?:an? |the )?['\"]?([^,.;'\"()，。；（）]{{2,40}})"
_NUMBERED = re.compile(rf"(?<![\w.-])['\"]?(-?\d+){_MEANING}", re.IGNORECASE)
_CODED = re.compile(
    r"(?:['\"]([A-Za-z_-]{1,20})|\b([A-Z]{2,5}))['\"]?\s*"
    r"(?:for|refers to|stands for|represents|denotes|means|表示|代表)"
    r"\s*(?:an? |the )?['\"]?([^,.;'\"()，。；（）]{2,40})"
)
_WITH_STATE = re.compile(r"\b([A-Z][\w.' -]*?, [A-Z]{2})\b(?!\w)")
_WORDS_ONLY = re.compile(r"[\w\s'’&/-]+")
_STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID",
    "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
    "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ",
    "new mexico": "NM", "new york": "NY", "north carolina": "NC", "north dakota": "ND", "ohio": "OH",
    "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC",
    "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
    "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
_USUAL = {
    "dollar": "USD", "$": "USD", "us dollar": "USD", "美元": "USD", "美金": "USD",
    "euro": "EUR", "€": "EUR", "欧元": "EUR",
    "pound": "GBP", "£": "GBP", "pound sterling": "GBP", "英镑": "GBP", "yen": "JPY", "日元": "JPY", "日圆": "JPY",
    "yuan": "CNY", "rmb": "CNY", "renminbi": "CNY", "人民币": "CNY", "rupee": "INR", "won": "KRW", "韩元": "KRW",
    "franc": "CHF", "ruble": "RUB", "港币": "HKD", "港元": "HKD",
}  # fmt: skip


def spaced(name: str) -> str:
    """A name as words: `startDate_utc` is "start Date utc"."""
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ")


def about_port(name: str, description: str) -> str:
    """What a port says of itself."""
    return f"{name.replace('_', ' ')} {description}"


def called(text: str, name: str, description: str) -> str | None:
    """What the port calls that which the text names; None where the port says nothing of it.

    An option that its description lists ("hearts" for heart), a code ("USD" for US dollars, "NY" for New York where
    it asks for abbreviations, "es" for Spanish), or an example of its description that the text begins.
    """
    if not 0 < len(text) <= 60:
        return None
    about = about_port(name, description)
    if "currenc" in about.lower() or "货币" in about:
        code = currency_of(text)
        if code is not None:
            return code
    if re.search(r"abbreviat|\babbr\b|two[- ]letter|short form", about, re.IGNORECASE):
        state = _abbreviated(text)
        if state is not None:
            return state
    if re.search(r"\b(?:language|country)\s+codes?\b|ISO[- ]?(?:639|3166)|语言代码|国家代码", about, re.IGNORECASE):
        code = _babel("languages" if "language" in about.lower() or "语言" in about else "territories").get(
            text.lower()
        )
        if code is not None:
            return code
    return _option(text, options_in(description)) or _meant(text, _coded(description))


@functools.lru_cache(maxsize=4096)
def options_in(description: str) -> tuple[str, ...]:
    """Words that a description lists as options or examples: quoted, in brackets or behind "can be" and the like."""
    found = [text.strip() for text in _QUOTED.findall(description)]
    found.extend(place for place in _WITH_STATE.findall(description) if place[-2:] in _STATES.values())
    bare = _WITH_STATE.sub("", _QUOTED.sub("", description))
    for listed in _OPENED.findall(bare):
        parts = [part.strip(" '\"‘’“”`") for part in re.split(r",|、|;|\bor\b|\band\b|\betc\b|或|和", listed)]
        found.extend(part for part in parts if 1 < len(part) <= 30 and len(part.split()) < 4)
    return tuple(dict.fromkeys(text for text in found if text))


@functools.lru_cache(maxsize=4096)
def numbers_named(description: str) -> tuple[tuple[str, str], ...]:
    """Things and the numbers by which a description calls them."""
    return tuple((meaning.strip(), number) for number, meaning in _NUMBERED.findall(description))


@functools.lru_cache(maxsize=4096)
def _coded(description: str) -> tuple[tuple[str, str], ...]:
    return tuple((meaning.strip(), quoted or bare) for quoted, bare, meaning in _CODED.findall(description))


def number_named(text: str, description: str) -> int | None:
    """The number that a description gives a thing: 2 for a van where it says "1 for a car, 2 for a van"."""
    found = _meant(text, numbers_named(description))
    return None if found is None else int(found)


def _meant(text: str, meanings: tuple[tuple[str, str], ...]) -> str | None:
    """What stands for the one meaning that says the same as the text, or that holds all its words or is held by it."""
    for meaning, code in meanings:
        if same_stems(text, meaning):
            return code
    own = set(stems(text))
    near = [code for meaning, code in meanings if own and (own <= set(stems(meaning)) or set(stems(meaning)) <= own)]
    return near[0] if len(near) == 1 and len(text) > 2 else None


def stem(word: str) -> str:
    """A word without the endings that number and use give it: cities, boxes, detailed and heart's."""
    word = re.sub(r"(?:'s|’s)$", "", word.lower())
    for ending, put in (
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("ing", ""),
        ("ed", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)] + put
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def same_stems(one: str, other: str) -> bool:
    """Whether two names differ in nothing but case, punctuation and endings."""
    return bool(stems(one)) and stems(one) == stems(other)


@functools.lru_cache(maxsize=65536)
def stems(text: str) -> tuple[str, ...]:
    words = re.findall(r"[A-Za-z0-9']+|[\u4e00-\u9fff]+", spaced(text))
    return tuple(stem(word).rstrip("e") for word in words)


def _option(text: str, options: tuple[str, ...]) -> str | None:
    lowered = text.lower()
    if _WORDS_ONLY.fullmatch(text) is None or any(option.lower() == lowered for option in options):
        return None
    for option in options:
        if _WORDS_ONLY.fullmatch(option) and same_stems(option, text):
            return option
    for option in options:
        if option.lower().startswith(f"{lowered}, ") and len(text) > 2:
            return option
    return None


def _abbreviated(text: str) -> str | None:
    city, _, state = text.rpartition(",")
    short = _STATES.get(state.strip().lower())
    if short is None or (not city and text.strip().lower() == "washington"):
        return None
    return f"{city.strip()}, {short}" if city else short


@functools.lru_cache(maxsize=1024)
def currency_of(text: str) -> str | None:
    """The ISO 4217 code of a currency by name or sign, English or Chinese; from CLDR through Babel."""
    lowered = text.lower().strip().strip(".")
    lowered = re.sub(r"\b(?:united states|u\.s\.|american)\b", "us", lowered)
    for form in (lowered, lowered.removesuffix("s"), lowered.removesuffix("s").removeprefix("us ")):
        if form in _USUAL:
            return _USUAL[form]
        if form in _babel("currencies"):
            return _babel("currencies")[form]
    return None


@functools.lru_cache(maxsize=8)
def _babel(what: str) -> dict[str, str]:
    """Codes by name, lower case, English and Chinese."""
    from babel import Locale

    return {
        str(shown).lower(): code for language in ("zh", "en") for code, shown in getattr(Locale(language), what).items()
    }
