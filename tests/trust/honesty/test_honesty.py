"""Every verb inside ring L with exactly what it declares, which must do; and with one capability less, which must not.

So the grammar is true: what is not declared is denied by the kernel, and what is declared is needed. What ends in `?` a
verb does without: the first runs leave it out, one run has it all. What serves, measures and makes rings stands in
test_servers.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from verbs import CASES, LEAVES, Case, quietly

from driven.trust.capability import CapabilityManifest
from trust.honesty.held import Place
from trust.honesty.test_servers import TRIED

RUNS = [(verb, case) for verb, cases in CASES.items() for case in cases if case.code == 0]
NAMES = [f"{verb}-{'-'.join(case.given) or 'plain'}" for verb, case in RUNS]


@pytest.mark.parametrize(("verb", "case"), RUNS, ids=NAMES)
def test_a_verb_runs_with_what_it_declares_and_not_with_less(verb: str, case: Case, somewhere: Place) -> None:
    somewhere.holds(verb, case)


@pytest.mark.parametrize("verb", CASES)
def test_a_verb_runs_with_all_that_it_may_have(verb: str, somewhere: Place) -> None:
    case = next(case for case in CASES[verb] if case.code == 0)
    assert somewhere.run(verb, case, somewhere.manifest(verb, case, optional=True))[0] == 0


def test_every_verb_is_tried() -> None:
    assert LEAVES.keys() - CASES.keys() == TRIED


def test_what_one_run_does_without_another_one_needs(somewhere: Place) -> None:
    for verb, case in RUNS:
        others = [other for other in CASES[verb] if other.code == 0 and other is not case]
        for idle in case.idle:
            assert idle in map(str, somewhere.manifest(verb, case).capabilities)
            needing = [o for o in others if idle in map(str, somewhere.manifest(verb, o).capabilities)]
            assert any(idle not in other.idle for other in needing), f"no run of `{verb}` needs {idle}"


def test_a_declaration_that_lies_is_found_out(somewhere: Place) -> None:
    """The test above can fail: what declares too little does not run, what declares too much runs with less."""
    nothing = CapabilityManifest()
    assert somewhere.run("status", Case(0), nothing)[0] == 2
    assert somewhere.run("sync", CASES["sync"][0], CapabilityManifest.of({"FileRead": ["."]}))[0] != 0
    much = CapabilityManifest.of({"FileRead": ["."], "FileWrite": ["src"]})
    less = CapabilityManifest.of({"FileRead": ["."]})
    assert somewhere.run("status", Case(0), much) == somewhere.run("status", Case(0), less)


def test_git_is_asked_where_it_may_be(somewhere: Place) -> None:
    """`ProcessSpawn(git)?` is no empty word: with it a condition does not see what git ignores."""
    import subprocess

    def with_git(root: Path) -> None:
        (root / ".gitignore").write_text("ignored.go\n")
        (root / "ignored.go").write_text("package main\n")
        (root / ".driven/rules/go.md").write_text('---\nwhen: files("**/*.go") > 0\n---\n\nFormat with gofmt.\n')
        subprocess.run(["git", "init", "-q", str(root)], check=True)

    found = {}
    case = Case(0, setup=with_git)
    for optional in (True, False):
        code, data, _ = somewhere.run("status", case, somewhere.manifest("status", case, optional=optional))
        assert code == 0
        found[optional] = next(rule["active"] for rule in data["rules"] if rule["id"] == "go")
    assert found == {True: False, False: True}


# A verb, and arguments of it that name a file: a key's, ben's public one, a chain.
FILES: list[tuple[str, dict[str, Any]]] = [
    ("key trust", {"key": "ben.pub", "yes": True}),
    ("attest root", {"act": "rotate", "holder": ["ben.pub"], "threshold": 1}),
    ("attest issue", {"to": "ben.pub", "cap": ["FileRead=docs"]}),
    ("attest delegate", {"chain": "one.jsonl", "to": "ana", "cap": ["FileRead=docs"], "out": "more"}),
    ("attest sign", {"what": "ana", "yes": True, "key": "./ana"}),
    ("attest revoke", {"what": ["ben.pub"]}),
    ("attest revoke", {"key": "./ana"}),
    ("audit sign", {"key": "./ana"}),
]  # fmt: skip


def with_files(root: Path) -> None:
    """A root of trust and a log; ana's key, ben's public one and a chain stand in files of the project."""
    CASES["attest issue"][0].setup(root)
    CASES["audit sign"][0].setup(root)
    assert quietly(root, "key", "generate", "ben", "--no-passphrase") == 0
    keys = root.parent / "own/driven/keys"
    shutil.copy(keys / "ana", root / "ana")
    shutil.copy(keys / "ben.pub", root / "ben.pub")
    for end in ("", ".pub"):
        (keys / f"ben{end}").unlink()
    shutil.copy(root / ".driven/trust/chains/ana.jsonl", root / "one.jsonl")


@pytest.mark.parametrize(("verb", "given"), FILES, ids=[f"{verb}-{'-'.join(given)}" for verb, given in FILES])
def test_a_file_is_read_where_an_argument_names_one(verb: str, given: dict[str, Any], somewhere: Place) -> None:
    """`FileRead({key})?` is no empty word: where a key is named it is not needed, where its file is, it is."""
    case = Case(0, given, with_files)
    assert somewhere.run(verb, case, somewhere.manifest(verb, case, optional=True))[0] == 0
    assert somewhere.run(verb, case, somewhere.manifest(verb, case))[0] in (2, 6)
