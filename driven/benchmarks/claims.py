"""What was promised before anything was measured, and which rows show what became of it."""

from __future__ import annotations

from driven.frozen import frozen


@frozen(kw_only=False)
class Claim:
    """A founding claim, the rows that stand for it, and what is true of it. The figures are those of the rows."""

    text: str
    rows: tuple[str, ...]
    truth: str


CLAIMS: tuple[Claim, ...] = (
    Claim("73 % smaller than JSON", ("size/raw", "size/compressed"),
          "only compressed, against JSON as it is; prose is what it is, and JSON under gzip is smaller still"),
    Claim("300 times faster to load than JSON: 0.05 ms for 15 ms",
          ("open/syscalls", "open/json", "open/json-2000", "open/20000", "open/yaml"),
          "the time by far; the ratio from some 1,000 rules on, because nothing opens faster than the system does"),
    Claim("a string looked up in 15 ns", ("strings/lookup", "strings/find"),
          "inside compiled code; from Python the call alone takes longer"),
    Claim("a rule tokenized in 1.9 µs", ("tokenizer/markdown-it", "tokenizer/scan"), "for a rule of 830 bytes"),
    Claim("an XOR patch in 85 µs, applied in 0.25 ms, 95 % saved", ("patch/xor", "patch/xor-size", "patch/xor-apply"),
          "for edits in place, and many times faster; after an insertion it is larger than the file: then patches are"
          " of rules, or COPY and ADD"),
    Claim("BLAKE3 at 1.2 GB/s", ("blake3/100-kb", "blake3/500-b"), "from 100 KB on; SHA-256 is faster below 1 KB"),
    Claim("signed and verified in less than 1 ms", ("trust/signature",), "both, of a digest"),
    Claim("a hot cache in 15 ns", ("cache/hit", "cache/cachetools"), "inside compiled code; a dict is the limit"),
    Claim("templates load 71 times faster: 0.7 ms for 50 ms",
          ("templates/jinja-cold", "templates/jinja-cache", "templates/minijinja"),
          "against Jinja2 that compiles; against its own cache of bytecode it is a few times"),
    Claim("a frame in less than 10 ns, ten million a second", ("trust/frame-encode", "trust/frame-decode"),
          "of a batch, or from compiled code; one call from Python costs more"),
)  # fmt: skip


def claim_of(name: str) -> str:
    """The claim that a row stands for, "" for none."""
    return next((claim.text for claim in CLAIMS if name in claim.rows), "")
