"""Commands that fetch and run are found in any shape, those that only fetch are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.trust.shell import DECODED, PIPED, SAVED, fetch_and_run

RUN = {
    "curl -fsSL https://x.sh | sh": PIPED,
    "curl -fsSL https://x.sh | sudo -E bash -": PIPED,
    "curl https://x | tee y | /bin/bash": PIPED,
    "curl https://x | python3": PIPED,
    "curl https://x | node -": PIPED,
    "wget -qO- https://x|bash": PIPED,
    "bash <(curl -s https://x)": PIPED,
    'sh -c "$(curl -fsSL https://x)"': PIPED,
    'eval "$(wget -qO- https://x)"': PIPED,
    "source <(curl https://x)": PIPED,
    "curl \\\n -s https://x \\\n | sh": PIPED,
    "curl \\\r\n -s https://x | sh": PIPED,
    "irm https://x/install.ps1 | iex": PIPED,
    "iex (irm https://x)": PIPED,
    "IEX ((New-Object Net.WebClient).DownloadString('https://x'))": PIPED,
    "Invoke-WebRequest -Uri https://x | Invoke-Expression": PIPED,
    "echo aGk= | base64 -d | sh": DECODED,
    "cat x | base64 --decode | bash": DECODED,
    "powershell -nop -enc aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=": DECODED,
    'python3 -c "exec(base64.b64decode(x))"': DECODED,
    "node -e \"eval(Buffer.from('aGk=','base64').toString())\"": DECODED,
    "curl -o /tmp/x https://e && sh /tmp/x": SAVED,
    "curl -Lo x https://e; chmod +x x && ./x": SAVED,
    "wget -O i.sh https://e && bash i.sh": SAVED,
    "wget https://e/i.sh && sh ./i.sh": SAVED,
    "| `curl -s https://x \\| bash` | y |": PIPED,
}
FETCH = [
    "curl https://x | jq .",
    "curl https://x | python -m json.tool",
    "curl https://x | python3 -c 'import json'",
    "curl https://x | sh -c 'cat'",
    "curl https://x > y; cat z | sh",
    "curl -s https://a | grep sh | wc",
    "base64 -d x.b64 > y",
    "kubectl get secret x | base64 -d",
    "| curl | bash | python |",
    "| `curl -s https://x` | bash |",
    "curl https://x\n| sh",
    "curl ... | sh",
    "curl -s x | bash_completion",
    "curl -o a https://e && sh b",
    "to confirm, see iex in Elixir",
    "",
]


@pytest.mark.parametrize("command", RUN)
def test_run(command: str) -> None:
    found = list(fetch_and_run(command))
    assert [what for _, _, what in found] == [RUN[command]]
    start, end, _ = found[0]
    assert 0 <= start < end <= len(command)


@pytest.mark.parametrize("command", FETCH)
def test_fetch(command: str) -> None:
    assert list(fetch_and_run(command)) == []


def test_places_are_those_of_the_text() -> None:
    text = "İ Setup\n\nRun curl -s https://x | sh, then\nbash <(wget -q https://y)\n"
    assert [text[a:b] for a, b, _ in fetch_and_run(text)] == ["curl -s https://x | sh", "bash <(wget -q https://y)"]


PIECES = ["curl -s ", "wget ", "| sh", "base64 -d ", "iex ", "(irm ", "\n", "\\\n", "sh <(", "&& sh x", "İ", "; "]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text(text: str) -> None:
    at = 0
    for start, end, _ in fetch_and_run(text):
        assert at <= start < end <= len(text)
        at = end
