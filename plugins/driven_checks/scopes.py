"""What a claim holds for: the words around it that narrow it, and whether two files can be loaded for one file."""

from __future__ import annotations

import re
from bisect import bisect_right

from driven.check_kit import Body, Document, Repository
from driven.plugin_kit import FormatError, Glob, expand
from driven_checks.globs import patterns
from driven_checks.rule_texts import Held

# Words that narrow what a text is about wherever they stand, each with the one name it is known by.
_KNOWN = {
    "ts": "typescript",
    "tsx": "typescript",
    "js": "javascript",
    "jsx": "javascript",
    "py": "python",
    "golang": "go",
    "rs": "rust",
    "rb": "ruby",
    "kt": "kotlin",
    "cs": "csharp",
    "c#": "csharp",
    "c++": "cpp",
    "yml": "yaml",
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "md": "markdown",
    "scss": "css",
    "sass": "css",
    "less": "css",
    "front-end": "frontend",
    "client": "frontend",
    "ui": "frontend",
    "back-end": "backend",
    "server": "backend",
    "db": "database",
    "tests": "test",
    "testing": "test",
    "spec": "test",
    "specs": "test",
    "apis": "api",
    "graphql": "graphql",
    "commits": "commit",
    "docs": "documentation",
    "components": "component",
    "migrations": "migration",
    "scripts": "script",
    "comments": "comment",
    "docstrings": "docstring",
    "postgres": "sql",
    "postgresql": "sql",
    "mysql": "sql",
    "reactjs": "react",
    "nextjs": "next",
    "next.js": "next",
    "vuejs": "vue",
    "node.js": "node",
    "nodejs": "node",
    "e2e": "test",
    "hooks": "hook",
}
_SAME = """
    typescript javascript python go rust ruby java kotlin swift php csharp cpp css html json yaml toml xml shell
    markdown sql terraform dart elixir scala perl lua solidity powershell dockerfile graphql protobuf jinja liquid
    frontend backend database test api mobile ios android web desktop embedded commit documentation component migration
    script comment docstring react next vue angular svelte node django flask fastapi rails laravel spring flutter infra
    ansible kubernetes helm docker hook makefile notebook fortran julia haskell ocaml clojure erlang zig matlab groovy
    cobol pascal verilog vhdl latex unity unreal godot arduino astro solid qwik nuxt remix ember htmx tailwind prisma
    express nestjs symfony wordpress drupal shopify supabase firebase electron tauri expo nativescript ionic pytorch
    tensorflow pandas spark dbt airflow selenium cypress playwright jest vitest storybook blender
"""
_KNOWN.update((word, word) for word in _SAME.split())
# Words of a heading that narrow nothing.
_GENERAL_WORDS = """
    naming name names convention conventions style styles code coding format formatting rule rules guideline guidelines
    guide standard standards general best practice practices and or the of for an in on to our your this with project
    overview quality principles principle key important core do follow use these following below requirements basics
    syntax layout whitespace indentation indent quotes semicolons line length linter linting lint preferences preference
    structure technical development software engineering clean ai agent agents instructions instruction assistant cursor
    copilot claude repository repo always must should please all we you are is be as
"""
_GENERAL = frozenset(_GENERAL_WORDS.split())
# Words of a heading below which a sentence may mean its opposite, or nothing.
_REFUSED_WORDS = """
    don dont don't never avoid not anti-pattern anti-patterns antipatterns bad wrong forbidden prohibited mistakes
    smells pitfalls example examples before after old legacy deprecated migration migrating alternatives instead
"""
_REFUSED = frozenset(_REFUSED_WORDS.split())
_WORD = re.compile(r"[a-z][a-z0-9+#.'-]*")
REFUSED = frozenset(("!",))  # the words of a claim below a heading such as “Don't” or “Examples”

MOST_PATTERNS = 32
MOST_SEGMENTS = 24


def known_words(text: str) -> frozenset[str]:
    """The languages, frameworks and layers that a text names."""
    found = {_KNOWN.get(word.strip(".'-")) for word in _WORD.findall(text.lower()[:500])}
    return frozenset(word for word in found if word)


def sections(body: Body) -> tuple[list[int], list[frozenset[str]]]:
    """Where the sections of a text begin, and the words that narrow each: those of its heading and the headings above,
    of the title (level 1) only the known ones. `REFUSED` where a heading takes the meaning of its section away."""
    return body.shared("driven_checks.sections", _sections)


def _sections(body: Body) -> tuple[list[int], list[frozenset[str]]]:
    starts = [0]
    words: list[frozenset[str]] = [frozenset()]
    stack: list[tuple[int, frozenset[str]]] = [(0, frozenset())]
    for heading in body.headings:
        while stack[-1][0] >= heading.level:
            stack.pop()
        line = body.text[heading.text_start : heading.end][:200]
        own = known_words(line) if heading.level == 1 else narrowing(line)
        if own & REFUSED or stack[-1][1] & REFUSED:
            own = REFUSED
        else:
            own |= stack[-1][1]
        stack.append((heading.level, own))
        starts.append(heading.start)
        words.append(own)
    return starts, words


def narrowing(text: str) -> frozenset[str]:
    """All words of a text that narrow what stands below it; `REFUSED` below “Don’t” or “Examples”."""
    own = set()
    for word in _WORD.findall(text.lower().replace("\u2019", "'")):
        word = word.strip(".'-")
        if word in _REFUSED:
            return REFUSED
        if len(word) > 1 and word not in _GENERAL:
            own.add(_KNOWN.get(word, word))
    return frozenset(own)


def scope_words(body: Body, start: int, lead: str) -> frozenset[str]:
    """The words that narrow what stands at `start`: of its section, and of `lead`, the lines it is indented below."""
    starts, words = sections(body)
    found = words[bisect_right(starts, start) - 1]
    own = narrowing(lead) if lead else frozenset()
    return REFUSED if own & REFUSED else found | own


def file_words(document: Document, when: str) -> frozenset[str]:
    """The words of a file's name and description that narrow it; all of the name where a model selects the file."""
    text = document.name.partition(".")[0].replace("-", " ").replace("_", " ")
    words = narrowing(text) - REFUSED if when == "model" else frozenset()
    if document.text[:3] == "---":
        key = document.key("description")
        if key is not None and isinstance(key.value, str):
            text += " " + key.value
    return known_words(text) | words


def glob_words(document: Document) -> frozenset[str]:
    """The languages of a file's globs, none where one of them may match any language."""
    found = set()
    for pattern in patterns(document)[:MOST_PATTERNS]:
        name = pattern.text.rpartition("/")[2]
        for ending in _endings(name):
            word = _KNOWN.get(ending)
            if word is None:
                return frozenset()
            found.add(word)
    return frozenset(found)


def _endings(name: str) -> list[str]:
    ending = name.rpartition(".")[2].lower()
    if ending[:1] == "{" and ending[-1:] == "}":
        return [part.strip() for part in ending[1:-1].split(",")]
    return [ending]


def overlap(one: Held, other: Held, repository: Repository) -> bool:
    """Whether both files can be loaded at once. A file in a folder is meant to win over the one above it."""
    if one.document is other.document:
        return True
    if one.scope != other.scope or "manual" in (one.when, other.when) or not _reach(one, other, repository):
        return False
    if one.when != "paths" or other.when != "paths":
        return True
    others = _expanded(other.document)
    return any(intersects(a, b) for a in _expanded(one.document) for b in others)


def _reach(one: Held, other: Held, repository: Repository) -> bool:
    """Whether two of our own rules can reach one editor."""
    rules = one.document.rule, other.document.rule
    if rules[0] is None or rules[1] is None:
        return True
    if any(rule.when and not repository.active.get(rule.id, True) for rule in rules if rule is not None):
        return False
    names = repository.editors
    return not names or any(rules[0].for_editor(name) and rules[1].for_editor(name) for name in names)


def _expanded(document: Document) -> list[str]:
    found: list[str] = []
    for pattern in patterns(document)[:MOST_PATTERNS]:
        text = pattern.text.removeprefix("./").lstrip("/")
        if text[:1] == "!":
            continue
        try:
            found += expand(text)[:MOST_PATTERNS] if "{" in text else [text]
        except FormatError:
            found.append("**")
    return found[: MOST_PATTERNS * 4]


def intersects(one: str, other: str) -> bool:
    """Whether there can be a path that both patterns (without braces) match."""
    a, b = one.split("/")[:MOST_SEGMENTS], other.split("/")[:MOST_SEGMENTS]
    if a[-1] == "**":
        a.append("*")
    if b[-1] == "**":
        b.append("*")
    # reach[j]: whether the first i segments of a and the first j of b can match one path.
    reach = [True, *[False] * len(b)]
    for j, segment in enumerate(b):
        reach[j + 1] = reach[j] and segment == "**"
    for mine in a:
        after = [reach[0] and mine == "**"]
        for j, theirs in enumerate(b):
            if mine == "**":
                after.append(reach[j + 1] or after[j])
            elif theirs == "**":
                after.append(after[j] or reach[j + 1])
            else:
                after.append(reach[j] and _names_meet(mine, theirs))
        reach = after
    return reach[-1]


def _names_meet(one: str, other: str) -> bool:
    """Whether one name can match both segments; a doubt is a yes."""
    wild = [bool(set(name) & set("*?[")) for name in (one, other)]
    if not any(wild):
        return one == other
    if not all(wild):
        try:
            return Glob(one if wild[0] else other, braces=False).match(other if wild[0] else one)
        except FormatError:
            return True
    if set(one + other) & set("?["):
        return True
    heads = one.partition("*")[0], other.partition("*")[0]
    tails = one.rpartition("*")[2], other.rpartition("*")[2]
    return (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])) and (
        tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])
    )
