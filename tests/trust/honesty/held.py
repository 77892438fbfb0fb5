"""A verb in ring L, in fresh copies of a project and of a person's own folder: what it answers and leaves there."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from verbs import LEAVES, Case, Setup, home_of, make, own_home

from driven.errors import SandboxError
from driven.frozen import replace
from driven.grammar.powers import for_call
from driven.mcp.calls import within
from driven.mcp.serving import folders, own_folder
from driven.trust.capability import Capability, CapabilityManifest
from driven.trust.rings import confine, python_places
from driven.trust.rings.confined import Confined
from driven.trust.rings.limits import Limits

LIMITS = Limits(memory=0, cpu=60, file=0, files=0, wall=60.0, output=16 << 20)
# What is another one each time that a key is made, or the head of a log.
_NEW = re.compile(r"SHA256:[\w+/]{43}|AAAA[\w+/=]{20,}|(?<=rotation-)[0-9a-f]{12}|(?<=:)[0-9a-f]{64}")


class Place:
    """A project and a person, of which every run gets copies below `folder`. `write`, `execute`: places that a run has
    besides; `cwd`: where it is, "" for the project."""

    def __init__(self, person: Path, template: Path, folder: Path) -> None:
        self.template = template
        self.write: tuple[str, ...] = ()
        self.execute: tuple[str, ...] = ()
        self.cwd = ""
        self._person = person
        self._folder = folder
        self._runs = 0
        self._made: dict[Setup, Path] = {}

    @classmethod
    def of(cls, other: Place) -> Place:
        """Another one with the same project and person."""
        return cls(other._person, other.template, Path(tempfile.mkdtemp(dir=other._folder)))

    @contextmanager
    def fresh(self, case: Case) -> Iterator[Path]:
        """A copy of the project, as the case wants it; while it lasts, its person's folder is a copy, too."""
        self._runs += 1
        folder = self._folder / f"run{self._runs}"
        with pytest.MonkeyPatch.context() as patch:
            if case.setup not in self._made:  # once: to sign takes as long as a run
                first = self._folder / f"setup{len(self._made)}"
                own_home(self._person, first / "own", patch)
                case.setup(Path(shutil.copytree(self.template, first / "shop", symlinks=True)))
                self._made[case.setup] = first
            own_home(self._made[case.setup] / "own", folder / "own", patch)
            yield Path(shutil.copytree(self._made[case.setup] / "shop", folder / "shop", symlinks=True))

    def run(self, verb: str, case: Case, manifest: CapabilityManifest) -> tuple[int, Any, list[str]]:
        """(exit code, its answer without times, places and what is random, the files of the person's that it made)."""
        with self.fresh(case) as root:
            line = case.line(verb)
            cut = line.index("--")
            words = [sys.executable, "-P", "-m", "driven", *line[:cut], "--json", *line[cut:]]
            own = root.parent / "own"
            before = _files(own)
            done = self.confined(verb, words, manifest, root)
            made = sorted(_files(own) - before)
            answer = _plain(done.stdout.decode(), {os.fspath(root): "ROOT", os.fspath(own): "OWN"})
            return done.code, answer, made

    def confined(
        self, verb: str, words: list[str], manifest: CapabilityManifest, root: Path, *, read: tuple[str, ...] = (),
        heard: Callable[[bytes], bool] | None = None,
    ) -> Confined:  # fmt: skip
        """Run a program as a call of the verb is run: in ring L, with what the manifest grants."""
        beside = own_folder(LEAVES[verb], manifest)
        try:
            with folders(os.fspath(root), manifest):
                done = confine(
                    manifest, words, root=os.fspath(root), env=within({}) | dict(beside.environment),
                    read=(*python_places(), *beside.read, *read), write=(*beside.write, *self.write),
                    execute=self.execute, cwd=self.cwd, protect=False, limits=LIMITS, heard=heard,
                )  # fmt: skip
        except SandboxError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"ring L does not hold here: {error.message}")
        assert done.ended == ""
        return done

    def manifest(self, verb: str, case: Case, *, optional: bool = False) -> CapabilityManifest:
        """What a call declares; `optional`: with what it does without, too."""
        return for_call(LEAVES[verb], case.given, os.fspath(self.template), optional=optional)

    def holds(self, verb: str, case: Case) -> None:
        """That it does what it should with what it declares, and does not with one capability less."""
        declared = self.manifest(verb, case)
        whole = self.run(verb, case, declared)
        assert whole[0] == 0 and whole[1] is not None
        for one, rest in each_less(declared):
            if str(one) in case.idle:
                continue
            less = self.run(verb, case, rest)
            assert less != whole, f"{verb} does as well without {one}"
            if less[0] == 0:  # it answered, otherwise: for lack of that, and not by chance
                assert self.run(verb, case, declared) == whole


def each_less(manifest: CapabilityManifest) -> Iterator[tuple[Capability, CapabilityManifest]]:
    """Each capability and what is left without it; but those to read what may be written, which say no more."""
    for one in manifest.capabilities:
        rest = tuple(other for other in manifest.capabilities if other != one)
        if one.kind != "FileRead" or not any(other.covers(Capability("FileWrite", one.scope)) for other in rest):
            yield one, replace(manifest, capabilities=rest)


def _files(folder: Path) -> set[str]:
    """Names of files; the number that sets an old key apart is the time."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {re.sub(r"-\d{14}", "", name) for name in names}


def _plain(text: str, places: dict[str, str]) -> Any:
    """The data of an envelope as two runs may share it; None where there is none."""
    for path, name in places.items():
        text = text.replace(path, name)
    try:
        data = json.loads(_NEW.sub("NEW", text))["data"]
    except ValueError:
        return None
    if isinstance(data, dict):
        data.pop("seconds", None)
    return data


def place_of(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Somebody with a key of their own, and a project."""
    with pytest.MonkeyPatch.context() as patch:
        person = tmp_path_factory.mktemp("person")
        home_of(person, patch)
        return Place(person, make(tmp_path_factory.mktemp("honest") / "shop"), tmp_path_factory.mktemp("runs"))
