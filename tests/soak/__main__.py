"""`python -m soak`: run one, print its figures; what was wrong, and where its project stands, when it fails."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time

from soak.model import Wrong
from soak.soak import Soak

KINDS = ("clash", "break", "undo", "kill", "branch", "move", "lose", "toggle")


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description="Random work on a project, held against a model.")
    parser.add_argument("--mode", choices=("sync", "watch"), default="sync")
    parser.add_argument("--operations", type=int, default=10_000, help="stop after so many (default 10,000)")
    parser.add_argument("--seconds", type=float, default=1800.0, help="or after so many seconds (default 1800)")
    parser.add_argument("--rules", type=int, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--without", action="append", default=[], choices=KINDS, help="leave a kind of work out")
    parser.add_argument("--keep", action="store_true", help="leave the project there when it fails")
    words = parser.parse_args()
    sys.dont_write_bytecode = True
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) and words.mode == "sync" else None
    base = tempfile.mkdtemp(prefix="driven-soak-", dir=place)
    soak = Soak(base, words.seed, words.rules, words.mode, frozenset(words.without), words.keep)
    try:
        figures = soak.go(words.operations, words.seconds)
    except Wrong as wrong:
        print(f"wrong in round {soak.figures.rounds} (--seed {words.seed} --rules {words.rules}): {wrong}")
        print("last deeds:", *soak.people.log[-12:], sep="\n  ")
        print(json.dumps(dataclasses.asdict(soak.figures)))
        if words.keep:
            print(f"it stands in {base}")
        else:
            shutil.rmtree(base)
        return 1
    shutil.rmtree(base)
    print(json.dumps(dataclasses.asdict(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
