"""What a paragraph or list item is for - instruction, prohibition, reference, prose - from its first words.

Compiled: it runs for every paragraph and list item of every rule.
"""

from __future__ import annotations

from driven.core._rt import i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# Step kinds, numbered as in `model.rule.STEP_KINDS` and `.drv`.
HEADING: Final = 0
PROSE: Final = 1
INSTRUCTION: Final = 2
PROHIBITION: Final = 3
EXAMPLE: Final = 4
WORKFLOW: Final = 5
REFERENCE: Final = 6

MODAL: Final = 7  # not a kind: an instruction, unless `not` or `never` follows

# First words that make a paragraph an instruction; list items are instructions without them.
VERBS: Final = b"""
    add address adhere adopt aim align always annotate apply ask assume be begin break build call catch check choose
    cite clean close commit configure confirm consider convert create declare define delete deliver describe design
    document emit enable encapsulate enforce ensure establish explain export expose extract favor favour find fix focus
    follow format generate give group handle ignore implement import include inject inspect install investigate keep
    leave let limit list load log look maintain make mark match minimise minimize mock move name note only
    optimise optimize organise organize parse pass pick place please prefer preserve prevent provide put raise read
    refactor reference refer remember remove rename replace report request respect return reuse review run sanitise
    sanitize search separate set show sort specify split start state stay stick stop store structure take tell
    test think throw treat try type update use utilise utilize validate verify wait wrap write"""
FORBIDS: Final = b"never avoid cannot don't dont can't mustn't shouldn't"


def text_kind(b: bytes, s: i64, e: i64, item: bool) -> i64:
    """The kind of a paragraph, or of a list item's first line, from its first words."""
    if _only_links(b, s, e):
        return REFERENCE
    while s < e and not (65 <= b[s] <= 90 or 97 <= b[s] <= 122):  # emphasis, quotes, `[ ]`, a symbol
        s += 1
    p = s
    first: i64 = b[s] if s < e else 0
    first |= 32
    kind: i64 = PROSE
    if not item or first in (97, 99, 100, 109, 110, 115):  # nothing that forbids begins otherwise
        kind = WORDS.get(_word(b, s, e), PROSE)
        if kind == PROHIBITION or (kind == MODAL and _negates(b, s, e)):
            return PROHIBITION
    while p < e:  # `must not` and `should never` anywhere: both words have the rare letter u
        while p < e and b[p] != 117 and b[p] != 85:
            p += 1
        if p < e and _forbids(b, s, p, e):
            return PROHIBITION
        p += 1
    return PROSE if kind == PROSE and not item else INSTRUCTION


def _forbids(b: bytes, s: i64, u: i64, e: i64) -> bool:
    """Whether the `u` at `u` is that of `must` or `should`, and a negation follows."""
    w = u - 1 if b[u - 1] == 109 or b[u - 1] == 77 else u - 3
    if w < s or (w > s and b[w - 1] > 32):
        return False
    word = _word(b, w, e)
    return word in (MUST, SHOULD) and _negates(b, w, e)


def _negates(b: bytes, p: i64, e: i64) -> bool:
    """Whether the word behind the one at `p` is `not` or `never`."""
    while p < e and b[p] > 32:
        p += 1
    while p < e and b[p] <= 32:
        p += 1
    word = _word(b, p, e)
    return word in (NOT, NEVER)


def _word(b: bytes, s: i64, e: i64) -> i64:
    """The word at `s` as a number, 5 bits a letter, in either case and with either apostrophe.

    0 when there is none, or one of more than 12 letters, which no table here has.
    """
    word: i64 = 0
    while s < e:
        c: i64 = b[s]
        if 97 <= c <= 122:
            c -= 96
        elif 65 <= c <= 90:
            c -= 64
        elif c == 39:
            c = 27
        elif c == 0xE2 and s + 2 < e and b[s + 1] == 0x80 and b[s + 2] == 0x99:  # U+2019
            c = 27
            s += 2
        else:
            break
        if word >= 1 << 55:
            return 0
        word = word << 5 | c
        s += 1
    return word


def _number(word: bytes) -> int:
    return _word(word, 0, len(word))


MUST: Final = _number(b"must")
SHOULD: Final = _number(b"should")
NOT: Final = _number(b"not")
NEVER: Final = _number(b"never")
# What a first word says.
WORDS: Final = {
    **{_number(word): INSTRUCTION for word in VERBS.split()},
    **{_number(word): PROHIBITION for word in FORBIDS.split()},
    **dict.fromkeys((MUST, SHOULD, _number(b"do")), MODAL),
}


def _only_links(b: bytes, s: i64, e: i64) -> bool:
    """Nothing but links, `@path` mentions and what separates them."""
    found = False
    while s < e:
        c: i64 = b[s]
        if c == 32 or c == 9 or c == 10 or c == 13 or (found and (c == 44 or c == 59)):
            s += 1
            continue
        if c == 91:  # [text](target), [text][name], [name]: target
            s = _close(b, s, e, 91, 93)
            if s >= e:
                return False
            if b[s] == 40:
                s = _close(b, s, e, 40, 41)
            elif b[s] == 91:
                s = _close(b, s, e, 91, 93)
            elif b[s] == 58:
                while s < e and b[s] != 10 and b[s] != 13:
                    s += 1
            else:
                return False
            if s > e:
                return False
        else:
            w = s
            while s < e and b[s] != 32 and b[s] != 9 and b[s] != 10 and b[s] != 13 and b[s] != 44 and b[s] != 59:
                s += 1
            if c == 64:
                if s - w < 2 or not _has_path(b, w + 1, s):
                    return False
            elif c == 60 or c == 104:
                at = w + 1 if c == 60 else w
                if b[at : at + 7] != b"http://" and b[at : at + 8] != b"https://":
                    return False
            else:
                return False
        found = True
    return found


def _close(b: bytes, s: i64, e: i64, opening: i64, closing: i64) -> i64:
    """The offset behind the bracket that closes the one at `s`, `e + 1` when there is none."""
    depth: i64 = 0
    while s < e:
        if b[s] == opening:
            depth += 1
        elif b[s] == closing:
            depth -= 1
            if depth == 0:
                return s + 1
        s += 1
    return e + 1


def _has_path(b: bytes, s: i64, e: i64) -> bool:
    """A slash, or a dot within: `@docs/style` and `@README.md`, not `@property`."""
    p = s
    while p < e:
        if b[p] == 47 or (b[p] == 46 and s < p < e - 1):
            return True
        p += 1
    return False
