"""Writes `unicode_tables.py` from the Unicode Character Database. Not imported by driven; run it for a new Unicode:

    pip install regex  # its tables are the database's; the standard library lacks most of these properties
    python driven/trust/make_tables.py

The rule (see `hidden.py`): Default_Ignorable_Code_Point, Bidi_Control, the categories Cf, Co and Cn, the line
separators and glyphs that are blank; without formats that are drawn (Arabic number signs, hieroglyph joiners), and
without Cc, which is another check's.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import metadata, version
from re import search

# Scripts whose words are written with joiners and non-joiners, or that mark word ends by a space of no width.
JOINING = """
Arabic Syriac Nko Mandaic Mongolian Phags_Pa Manichaean Psalter_Pahlavi Sogdian Hanifi_Rohingya Adlam Devanagari Bengali
Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Khmer Balinese Javanese
Sundanese Batak Buginese Tai_Tham Tai_Le New_Tai_Lue Cham Kaithi Chakma Sharada Khojki Grantha Newa Tirhuta Siddham Modi
Takri Limbu Lepcha Meetei_Mayek Brahmi Kharoshthi
"""
BLANK = r"[\u115F\u1160\u2800\u3164\uFFA0\U0001D159]"
DRAWN = r"[\p{Prepended_Concatenation_Mark}\U00013430-\U00013455]"
KINDS = {  # the first that fits; a code point has one kind
    "TAG": r"[\U000E0000-\U000E007F]",
    "BIDI": r"\p{Bidi_Control}",
    "VARIATION": r"\p{Variation_Selector}",
    "SEPARATOR": r"[\u2028\u2029]",
    "BLANK": BLANK,
    "PRIVATE": r"\p{Co}",
    "FORMAT": rf"(?!{DRAWN})[\p{{Default_Ignorable_Code_Point}}\p{{Cf}}]",
    "UNASSIGNED": r"\p{Cn}",
}
OTHERS = {
    "PICTOGRAPHIC": r"\p{Extended_Pictographic}",
    "EMOJI": r"(?![0-9#*])\p{Emoji}",
    "IDEOGRAPH": r"[\p{Ideographic}]",
    "JOINING_SCRIPTS": "|".join(rf"\p{{Script={name}}}" for name in JOINING.split()),
}


def ranges(points: list[int]) -> str:
    """`00AD 200B-200F` of sorted code points."""
    found: list[list[int]] = []
    for point in points:
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return " ".join(f"{a:04X}" if a == b else f"{a:04X}-{b:04X}" for a, b in found)


def main() -> None:
    """Write the file beside this one."""
    regex = import_module("regex")
    sets: dict[str, list[int]] = {name: [] for name in (*KINDS, *OTHERS)}
    kinds = {name: regex.compile(pattern) for name, pattern in KINDS.items()}
    others = {name: regex.compile(pattern) for name, pattern in OTHERS.items()}
    for point in range(0x110000):
        if 0xD800 <= point <= 0xDFFF:
            continue
        character = chr(point)
        kind = next((name for name, pattern in kinds.items() if pattern.match(character)), "")
        if kind:
            sets[kind].append(point)
        for name, pattern in others.items():
            if pattern.match(character):
                sets[name].append(point)
    unicode = search(r"Unicode (\d+\.\d+)", str(metadata("regex").json.get("description")))
    out = [
        f'"""Ranges of code points, by what they are. Made by `make_tables.py` from regex {version("regex")}: Unicode'
        f' {unicode[1] if unicode else "?"}."""',
        "", "from __future__ import annotations", "",
    ]  # fmt: skip
    for name, points in sets.items():
        lines = [""]
        for word in ranges(points).split():
            if len(lines[-1]) + len(word) > 110:
                lines.append("")
            lines[-1] += f"{word} "
        if len(lines) == 1:
            out.append(f'{name} = "{lines[0].rstrip()}"')
        else:
            lines[-1] = lines[-1].rstrip()
            out += [f"{name} = (", *(f'    "{line}"' for line in lines), ")"]
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "unicode_tables.py")
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
