"""What the page of a `.drv` in an editor says of its signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.format.drv import to_drv
from driven.model.rule import Rule, RuleSet
from driven.trust.signing import sign_file
from driven_lsp.features.drv import drv

from .kit import line, person, trust

ANA = person(1)


def test_it_says_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    path = tmp_path / ".driven" / "deep" / "rules.drv"
    path.parent.mkdir(parents=True)
    path.write_bytes(to_drv(RuleSet.of([Rule(id="errors", body="Say what.\n")])))
    assert drv(str(path))["signature"] == {"state": "unsigned", "text": "its checksum holds; it is not signed"}
    sign_file(str(path), ANA, name="rules", version="3")
    said = drv(str(path))["signature"]
    assert said["state"] == "damaged" and said["text"].startswith("nobody who is trusted here has the key SHA256:")
    trust(tmp_path, line(ANA.key))
    answer = drv(str(path))
    assert answer["signature"] == {"state": "signed", "text": "signed by ana@example.org, as rules 3"}
    assert [rule["id"] for rule in answer["rules"]] == ["errors"]
    (tmp_path / ".driven" / "trust" / "allowed_signers").chmod(0o666)
    assert "can be written by others" in drv(str(path))["signature"]["text"]
    (tmp_path / ".driven" / "trust" / "allowed_signers").chmod(0o644)
    path.with_name("rules.drv.sig").unlink()
    said = drv(str(path))["signature"]
    assert said["state"] == "damaged" and said["text"].startswith("it says that it is signed")
