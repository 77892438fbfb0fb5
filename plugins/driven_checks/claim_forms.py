"""The few forms of a sentence that say one thing: `Use camelCase for variables`, `Never use enums`, `Indent: 2 spaces`.

Each reader gets one clause and answers (subject, value, denied) for what it understood whole, and nothing for anything
else: a sentence with a condition, an exception or a subject that is not plain is silent. Every pattern has bounded
repeats, and a clause is short, so that no text makes them slow.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Said: TypeAlias = "tuple[str, str, bool]"

# A statement with one of these says more than its clauses do.
CONDITION = re.compile(
    r"\b(?:except|exception|exceptions|unless|but|only|if|when|where|while|legacy|existing|otherwise|depending|avoid\s+it"
    r"|deprecated|either|both|example:|or\s+else|until|before|after|during|outside|inside|within|not\s+necessarily)\b",
    re.IGNORECASE,
)
POSSIBLE = re.compile(r"\b(?:where|when|whenever|if)\s+(?:ever\s+)?possible\b", re.IGNORECASE)
_DENY = r"(?:never|do\s+not|don't|dont|avoid|no)"
_NOT = re.compile(r"\b(?:never|not|avoid|don't|dont|no|without)\b")

# --- naming ---------------------------------------------------------------------------------------------------------

_STYLE = re.compile(
    r"\b(?:(?:(?:lower|upper)[ -]?)?camel[-_ ]?case|pascal[-_ ]?case|(?:(?:screaming|upper)[-_ ]?)?snake[-_ ]?case"
    r"|kebab[-_ ]?case|dash[- ]case|upper_case|lower[ -]?case\s+with\s+(?:dashes|hyphens|underscores))\b",
    re.IGNORECASE,
)
_STYLES = {
    "camelcase": "camelCase", "lowercamelcase": "camelCase", "uppercamelcase": "PascalCase", "pascalcase": "PascalCase",
    "snakecase": "snake_case", "screamingsnakecase": "UPPER_SNAKE_CASE", "uppersnakecase": "UPPER_SNAKE_CASE",
    "uppercase": "UPPER_SNAKE_CASE", "kebabcase": "kebab-case", "dashcase": "kebab-case",
    "lowercasewithdashes": "kebab-case", "lowercasewithhyphens": "kebab-case", "lowercasewithunderscores": "snake_case",
}  # fmt: skip
_NOUN_WORDS = """
    variable function method class constant file filename directory folder component type interface enum parameter
    argument property prop field column table module package hook event route endpoint test struct trait migration
    attribute key id identifier selector branch member instance object service model controller schema
"""
_NOUNS = frozenset(_NOUN_WORDS.split())
_FORM = r"(?:naming|notation|names?|style|convention|conventions|format|formatting)"
_LEAD = re.compile(
    rf"(?:(?:we|always|please|must|should|you|use|using|prefer|follow|adopt|apply|write|the|{_FORM})\b[\s:,]{{0,3}}){{0,8}}"
)
_FOR = re.compile(rf"\s{{0,2}}(?:{_FORM}\s{{1,2}}){{0,2}}(?:for|in|:|=|->|→)\s{{1,2}}(?:naming\s)?(?P<what>.{{1,120}})")
_IS = re.compile(
    r"(?:and\s|name\s|write\s){0,2}(?P<what>.{1,120}?)\s?(?:(?::|->|→|=)\s?(?:use\s)?"
    r"|\s(?:(?:should|must|are|is|be|have|use|uses|using|in|with|named|written|follow|to|always)\s){1,5})"
)
_JOIN = re.compile(r"[\s,;]{0,3}(?:\b(?:and|use|prefer)\b|&|\+)?[\s,;]{0,3}$")
_INSTEAD = re.compile(rf",?\s(?:and\snot|not|instead\sof|rather\sthan|over)\s(?:{_STYLE.pattern})", re.IGNORECASE)
_SPLIT = re.compile(r"\s?(?:,|/|&|\band\b|\bor\b)\s?")
_SMALL_WORDS = "in on of with that which from to by under using at as for per via without like such it they this"
_SMALL = frozenset(_SMALL_WORDS.split())
_FILLER_WORDS = "all the any every your our new name names naming identifiers declarations for"
_FILLER = frozenset(_FILLER_WORDS.split())


def read_naming(clause: str) -> list[Said]:
    """What a clause says of names: (`variable`, `camelCase`, False)."""
    text = _INSTEAD.sub("", clause)
    deny = re.match(rf"\s*{_DENY}(?:\s+(?:use|using|write))?\s+", text, re.IGNORECASE)
    if deny is not None:
        text = "use " + text[deny.end() :]
    if _NOT.search(text.lower()):
        return []
    spots = []
    for found in _STYLE.finditer(text):
        style = _style(found[0].strip(" -"))
        if not style:
            return []
        spots.append((found.start(), found.end(), style))
    if not spots or len(spots) > 8 or (deny is not None and len(spots) > 1):
        return []
    low = text.lower()
    said: list[Said] = []
    if _LEAD.fullmatch(low[: spots[0][0]].lstrip()):
        for at, (_, end, style) in enumerate(spots):
            tail = low[end : spots[at + 1][0] if at + 1 < len(spots) else len(low)]
            if at + 1 < len(spots):
                tail = _cut(tail)
            match = _FOR.fullmatch(tail.rstrip(" ,"))
            if match is None:
                return []
            said += [(noun, style, deny is not None) for noun in _nouns(match["what"])]
        return said
    if deny is not None:
        return []
    begin = 0
    for start, end, style in spots:
        match = _IS.fullmatch(low[begin:start].lstrip(" ,;"))
        if match is None:
            return []
        said += [(noun, style, False) for noun in _nouns(match["what"])]
        begin = end
    return said if re.fullmatch(rf"[\s,]{{0,3}}(?:{_FORM}\b\s{{0,2}}){{0,2}}", low[begin:]) else said[:0]


def _cut(tail: str) -> str:
    """Without the `and` or comma that leads to the next style."""
    match = _JOIN.search(tail, max(0, len(tail) - 16))
    return tail if match is None else tail[: match.start()]


def _style(text: str) -> str:
    if text == "CamelCase":
        return ""  # some mean PascalCase by it
    if text.isupper() and "SNAKE" in text:
        return "UPPER_SNAKE_CASE"
    return _STYLES.get(re.sub(r"[-_\s]", "", text.lower()), "")


def _nouns(text: str) -> list[str]:
    """The subjects in `variables and function names`; [] where one of them is more than a name of a thing."""
    found = []
    for part in _SPLIT.split(text):
        words = [word for word in part.split() if word not in _FILLER]
        if not _SMALL.isdisjoint(words):
            return []
        if not words or len(words) > 3:
            continue
        words[-1] = singular(words[-1])
        if words[-1] in _NOUNS and all(word.replace("-", "").isalpha() for word in words):
            found.append(" ".join(words).replace("filename", "file"))
    return found


def singular(word: str) -> str:
    """`class` of `classes`: as far as comparing needs it."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


# --- choices --------------------------------------------------------------------------------------------------------

_LABEL_WORDS = """
    indentation indent spacing whitespace tabs spaces quotes strings semicolons formatting format style code line lines
    length max maximum width package manager & and
"""
_LABELS = frozenset(_LABEL_WORDS.split())
_NUMBERS = {"two": "2", "three": "3", "four": "4", "eight": "8"}
_BEGIN = r"(?:(?:please|always|you|we|must|should|code)\s){0,4}"
_WANT = _BEGIN + r"(?:use|prefer|stick to|stick with)\s"
_REFUSE = rf"{_BEGIN}{_DENY}(?:\s(?:use|using))?\s"
_BUT = r"(?:,?\s(?:and\snot|not|never|instead\sof|over|rather\sthan)\s"
_N = r"(?P<n>[1-8]|two|three|four|eight)"
_QUOTES = r"(?P<v>single|double)[- ]quot(?:es?|ation\smarks)"
_ALL = r"(?:\s(?:everywhere|throughout|consistently|in\sall\sfiles|for\sall\scode))?"
_MANAGER = r"(?P<v>npm|yarn|pnpm|bun)"
_PACKAGES = (
    r"(?:\s(?:as\s(?:the|our)\spackage\smanager|for\s(?:all\s)?(?:package\smanagement|package\soperations|packages"
    r"|dependencies|dependency\smanagement|installs)))?"
)
_TO = (
    r"(?:(?:to|at|of|is|under|below|within|than|a|maximum|max|most|should|be|must|not|exceed|no|more|longer|shorter|less"
    r"|up|limited|limit|length|width|the|have)\s){0,6}"
)
# (pattern, subject, value; "" for the group `v` or `n`, denied)
_CHOICES = tuple(
    (re.compile(pattern + r"[.!]?"), subject, value, denied)
    for pattern, subject, value, denied in (
        (rf"{_WANT}(?:hard\s)?tabs(?:\sfor\sindent(?:ation|ing))?{_BUT}spaces)?(?:\sfor\sindent(?:ation|ing))?{_ALL}",
         "indentation", "tabs", False),
        (r"indent(?:ation)?:?\s(?:code\s|lines\s)?(?:(?:with|using|uses|by|is)\s)?tabs" + _ALL,
         "indentation", "tabs", False),
        (rf"{_WANT}(?:soft\s)?spaces(?:\sfor\sindent(?:ation|ing))?{_BUT}tabs)?(?:\sfor\sindent(?:ation|ing))?{_ALL}",
         "indentation", "spaces", False),
        (rf"{_REFUSE}tabs(?:\sfor\sindent(?:ation|ing))?{_ALL}", "indentation", "tabs", True),
        (rf"{_WANT}(?:an?\s)?{_N}[- ]spaces?(?:\sfor)?(?:\s(?:indent|indents|indenting|indentation))?(?:\sper\slevel)?"
         rf"{_BUT}tabs)?{_ALL}", "indent width", "", False),
        (rf"(?:{_WANT})?{_N}[- ]spaces?\sindent(?:s|ation)?{_BUT}tabs)?{_ALL}", "indent width", "", False),
        (r"indent(?:ation)?:?\s(?:code\s|lines\s)?(?:(?:with|using|by|is|of|size|width)[:\s]\s?){0,2}"
         rf"{_N}(?:[- ]spaces?)?{_BUT}tabs)?{_ALL}", "indent width", "", False),
        (rf"{_WANT}{_QUOTES}(?:\s(?:for|around|in)\s(?:all\s)?(?:strings?|string\sliterals))?"
         rf"{_BUT}(?:single|double)[- ]quot(?:es?|ation\smarks))?{_ALL}", "quotes", "", False),
        (r"(?:string\s)?quotes:\s(?P<v>single|double)(?:\squotes)?", "quotes", "", False),
        (rf"{_REFUSE}{_QUOTES}(?:\s(?:for|around)\s(?:all\s)?(?:strings?|string\sliterals))?{_ALL}",
         "quotes", "", True),
        (rf"{_BEGIN}(?:use|add|require|keep)\ssemicolons"
         rf"(?:\sat\sthe\send\sof\s(?:every\s|all\s)?(?:statements?|lines?))?{_ALL}", "semicolons", "used", False),
        (r"semicolons:\s(?:yes|always|required|on)", "semicolons", "used", False),
        (rf"{_BEGIN}(?:{_DENY}|omit|skip|drop|leave\sout)(?:\s(?:use|using|add|write))?\ssemicolons{_ALL}",
         "semicolons", "left out", False),
        (r"semicolons:\s(?:no|never|none|off)", "semicolons", "left out", False),
        (rf"{_BEGIN}(?:(?:max|maximum|limit|keep|wrap|break|restrict|set|a)\s){{0,2}}(?:the\s)?(?:code\s)?lines?"
         rf"(?:\s(?:length|width|limit))?:?\s{_TO}(?P<n>[0-9]{{2,3}})(?:[- ](?:characters?|chars?|columns?|cols?))?"
         r"(?:\s(?:per\sline|long|wide|max|maximum|or\sless|or\sfewer|limit)){0,2}", "line length", "", False),
        (rf"{_BEGIN}(?:(?:use|max|maximum|keep|to|a|an)\s){{0,3}}(?P<n>[0-9]{{2,3}})[- ]"
         r"(?:characters?|chars?|columns?)\s(?:lines?|per\sline)(?:\s(?:length|limit|width|max|maximum)){0,2}",
         "line length", "", False),
        (rf"{_WANT}{_MANAGER}{_PACKAGES}{_BUT}[a-z, /]{{2,30}})?", "package manager", "", False),
        (rf"{_REFUSE}{_MANAGER}{_PACKAGES}", "package manager", "", True),
    )
)  # fmt: skip


def read_choice(clause: str) -> list[Said]:
    """What a clause chooses where there are two ways or a number: (`indentation`, `tabs`, False). A list of several
    choices (`single quotes, no semicolons`) is read where each part of it is one."""
    low = " ".join(clause.lower().split())
    label, colon, rest = low.partition(": ")
    labelled = bool(colon and rest) and _LABELS.issuperset(label.split())
    said = (_choice(rest) if labelled else []) or _choice(low)
    if said or ", " not in low:
        return said
    parts = [_choice(part.removeprefix("and ")) for part in low.split(", ")[:8]]
    return [one for part in parts for one in part] if all(parts) else []


def _choice(low: str) -> list[Said]:
    for pattern, subject, value, denied in _CHOICES:
        found = pattern.fullmatch(low)
        if found is None:
            continue
        if not value:
            groups = found.groupdict()
            value = groups.get("v") or groups["n"]
            value = _NUMBERS.get(value, value)
        if subject == "line length" and not 60 <= int(value) <= 240:
            return []
        if subject == "indent width":
            return [(subject, value, denied), ("indentation", "spaces", False)]
        return [(subject, value, denied)]
    return []


# --- use and avoid --------------------------------------------------------------------------------------------------

_THING = r"(?P<what>[\w.+#@/'-]{1,40}(?:\s[\w.+#@/'-]{1,40}){0,3})"
_VERB = (
    r"(?P<verb>use|using|add|adding|write|writing|include|including|import|importing|mock|mocking|prefer|favor|favour)"
)
_TAIL = r"(?:\s(?:everywhere|always|at\sall|at\sall\scosts|in\sall\scases|wherever\spossible|instead))?"
_DO = re.compile(rf"{_BEGIN}{_VERB}\s(?:the\s|an?\s)?{_THING}{_TAIL}")
_DO_NOT = re.compile(rf"{_BEGIN}{_DENY}\s(?:{_VERB}\s)?(?:the\s|an?\s|any\s)?{_THING}{_TAIL}")
_OTHER = r"(?P<other>[\w.+#@/'-]{1,40}(?:\s[\w.+#@/'-]{1,40}){0,3})"
_OVER = re.compile(
    rf"{_BEGIN}(?:use|prefer|favor|favour|choose)\s{_THING}\s(?:over|instead\sof|rather\sthan)\s{_OTHER}"
)
_VERBS = {"using": "use", "prefer": "use", "favor": "use", "favour": "use", "adding": "add", "writing": "write",
          "including": "include", "importing": "import", "mocking": "mock", "": "use"}  # fmt: skip
_STARTS = ("use ", "never ", "avoid ", "do not ", "don't ", "dont ", "always ", "prefer ", "no ", "add ", "write ",
           "include ", "import ", "mock ", "favo", "please ", "choose ", "you ", "we ", "must ", "should ")  # fmt: skip
_LOOSE_WORDS = """
    and or not no is are be instead over than rather too overly unless when where if while during before after
    unnecessary unused excessive them these those its existing appropriate proper new other more less
"""
_LOOSE = _SMALL | frozenset(_LOOSE_WORDS.split())


def read_use(clause: str) -> list[Said]:
    """What a clause asks to use or to leave: (`use enum`, `yes`, True); of `a over b` (`a or b`, `a`, False)."""
    low = clause.lower().lstrip()
    if not low.startswith(_STARTS) or low.count(" ") > 12:
        return []
    low = " ".join(low.rstrip(" .!:").split())
    over = _OVER.fullmatch(low)
    if over is not None:
        one, other = _thing(over["what"]), _thing(over["other"])
        return [(" or ".join(sorted((one, other))), one, False)] if one and other and one != other else []
    denied = _DO_NOT.fullmatch(low)
    found = denied or _DO.fullmatch(low)
    thing = _thing(found["what"]) if found is not None else ""
    if found is None or not thing:
        return []
    verb = found["verb"] or ""
    return [(f"{_VERBS.get(verb, verb)} {thing}", thing, denied is not None)]


def _thing(text: str) -> str:
    """The name of a thing without its articles, in the singular; "" of what is more than a name."""
    words = text.split()
    if len(words) > 1 and words[0] in ("the", "a", "an", "any"):
        words = words[1:]
    if not words or not _LOOSE.isdisjoint(words):
        return ""
    return " ".join([*words[:-1], singular(words[-1])])
