"""Every verb inside ring L with exactly what it declares, which must do; and with one capability less, which must not.

So the grammar is true: what is not declared is denied by the kernel, and what is declared is needed. What ends in `?` a
verb does without: the first runs leave it out, one run has it all.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from verbs import CASES, LEAVES, Case, home_of, make

from driven.errors import SandboxError
from driven.frozen import replace
from driven.grammar.powers import for_call
from driven.mcp.calls import within
from driven.mcp.serving import folders, own_folder
from driven.trust.capability import Capability, CapabilityManifest
from driven.trust.rings import confine, python_places
from driven.trust.rings.limits import Limits

_LIMITS = Limits(memory=0, cpu=60, file=0, files=0, wall=60.0, output=16 << 20)
# Verbs that are not run here, and why.
WITHOUT = {
    "lsp": "it stays, and speaks with an editor",
    "mcp serve": "it stays, and speaks with an agent",
    "benchmark": "it measures processes that it starts; a call of it is not put in a ring",
    **dict.fromkeys(
        (
            "key generate",
            "key rotate",
            "attest root",
            "attest issue",
            "attest delegate",
            "attest sign",
            "attest revoke",
        ),
        "it makes or uses secrets to say who is trusted: for people, and their tests run it as people do",
    ),
    "plugin run": "it makes rings; a call of it is not put in one",
}
RUNS = [(verb, case) for verb, cases in CASES.items() for case in cases if case.code == 0]
NAMES = [f"{verb}-{'-'.join(case.given) or 'plain'}" for verb, case in RUNS]


@pytest.fixture(scope="module", autouse=True)
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Somebody with a key of their own."""
    with pytest.MonkeyPatch.context() as patch:
        home_of(tmp_path_factory.mktemp("person"), patch)
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("honest") / "shop")


def held(verb: str, case: Case, manifest: CapabilityManifest, template: Path, folder: Path) -> tuple[int, Any]:
    """Run it in a fresh copy of the project, in ring L: (exit code, its answer without times)."""
    root = Path(shutil.copytree(template, folder / f"run{len(list(folder.iterdir()))}" / "shop", symlinks=True))
    case.setup(root)
    line = case.line(verb)
    cut = line.index("--")
    words = [sys.executable, "-P", "-m", "driven", *line[:cut], "--json", *line[cut:]]
    beside = own_folder(LEAVES[verb], manifest)
    try:
        with folders(os.fspath(root), manifest):
            done = confine(
                manifest, words, root=os.fspath(root), env=within({}) | dict(beside.environment),
                read=(*python_places(), *beside.read), write=beside.write, protect=False, limits=_LIMITS,
            )  # fmt: skip
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"ring L does not hold here: {error.message}")
    assert done.ended == ""
    try:
        envelope = json.loads(done.stdout)
    except ValueError:
        return done.code, None
    data = envelope["data"]
    if isinstance(data, dict):
        data = json.loads(json.dumps(data).replace(os.fspath(root), "ROOT"))
        data.pop("seconds", None)
    return done.code, data


def manifest_of(verb: str, case: Case, root: Path, *, optional: bool) -> CapabilityManifest:
    return for_call(LEAVES[verb], case.given, os.fspath(root), optional=optional)


@pytest.mark.parametrize(("verb", "case"), RUNS, ids=NAMES)
def test_a_verb_runs_with_what_it_declares_and_not_with_less(
    verb: str, case: Case, template: Path, tmp_path: Path
) -> None:
    declared = manifest_of(verb, case, template, optional=False)
    whole = held(verb, case, declared, template, tmp_path)
    assert whole[0] == 0 and whole[1] is not None
    for one in declared.capabilities:
        rest = tuple(other for other in declared.capabilities if other != one)
        if one.kind == "FileRead" and any(other.covers(Capability("FileWrite", one.scope)) for other in rest):
            continue  # what may be written may be read: this one says no more to the kernel
        less = held(verb, case, replace(declared, capabilities=rest), template, tmp_path)
        assert less != whole, f"{verb} does as well without {one}"


@pytest.mark.parametrize("verb", CASES)
def test_a_verb_runs_with_all_that_it_may_have(verb: str, template: Path, tmp_path: Path) -> None:
    case = next(case for case in CASES[verb] if case.code == 0)
    assert held(verb, case, manifest_of(verb, case, template, optional=True), template, tmp_path)[0] == 0


def test_every_verb_is_tried_or_says_why_not() -> None:
    assert LEAVES.keys() - CASES.keys() == WITHOUT.keys()


def test_a_declaration_that_lies_is_found_out(template: Path, tmp_path: Path) -> None:
    """The test above can fail: what declares too little does not run, what declares too much runs with less."""
    nothing = CapabilityManifest()
    assert held("status", Case(0), nothing, template, tmp_path)[0] == 2
    assert held("sync", CASES["sync"][0], CapabilityManifest.of({"FileRead": ["."]}), template, tmp_path)[0] != 0
    much = CapabilityManifest.of({"FileRead": ["."], "FileWrite": ["src"]})
    less = CapabilityManifest.of({"FileRead": ["."]})
    assert held("status", Case(0), much, template, tmp_path) == held("status", Case(0), less, template, tmp_path)


def test_git_is_asked_where_it_may_be(template: Path, tmp_path: Path) -> None:
    """`ProcessSpawn(git)?` is no empty word: with it a condition does not see what git ignores."""
    import subprocess

    root = Path(shutil.copytree(template, tmp_path / "with-git"))
    (root / ".gitignore").write_text("ignored.go\n")
    (root / "ignored.go").write_text("package main\n")
    (root / ".driven/rules/go.md").write_text('---\nwhen: files("**/*.go") > 0\n---\n\nFormat with gofmt.\n')
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    found = {}
    for optional in (True, False):
        manifest = manifest_of("status", Case(0), root, optional=optional)
        code, data = held("status", Case(0), manifest, root, tmp_path)
        assert code == 0
        found[optional] = next(rule["active"] for rule in data["rules"] if rule["id"] == "go")
    assert found == {True: False, False: True}
