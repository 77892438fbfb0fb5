"""Writes `confusable_tables.py` from Unicode's confusables.txt. Not imported by driven; run it for a new Unicode:

    pip install confusable-homoglyphs  # it carries the file, https://www.unicode.org/Public/security/ (UTS 39)
    python driven/trust/make_confusables.py

Letters of the alphabets whose words could stand beside Latin ones unseen, with the ASCII letter or digit that Unicode
calls the same to the eye. A capital that looks like an `l` looks like an `I`.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import version
from unicodedata import category, name

ALPHABETS = ("GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GEORGIAN")


def pairs() -> dict[str, str]:
    """Letter -> what it looks like."""
    known = import_module("confusable_homoglyphs.confusables").confusables_data
    found = {}
    for character, alike in known.items():
        if len(character) != 1 or character.isascii() or category(character)[0] != "L":
            continue
        if name(character, "").split(" ")[0] not in ALPHABETS:
            continue
        plain = [one["c"] for one in alike if len(one["c"]) == 1 and one["c"].isascii() and one["c"].isalnum()]
        if plain:
            capital = character.isupper() or category(character) == "Lo"
            found[character] = "I" if capital and "l" in plain else plain[0]
    return found


def main() -> None:
    """Write the file beside this one."""
    alike = pairs()
    lines = [
        '"""Letters that look like ASCII ones. Made by `make_confusables.py` from Unicode, confusables.txt, as in'
        f'\nconfusable-homoglyphs {version("confusable-homoglyphs")}."""',
        "", "from __future__ import annotations", "", "ALIKE = (",
    ]  # fmt: skip
    words = [f"{ord(character):04X}{alike[character]}" for character in sorted(alike)]
    row = "   "
    rows = []
    for word in words:
        if len(row) + len(word) > 112:
            rows.append(row)
            row = "   "
        row += " " + word
    rows.append(row)
    lines += [f'    "{row[4:]}{" " if at + 1 < len(rows) else ""}"' for at, row in enumerate(rows)]
    lines.append(")")
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confusable_tables.py")
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
