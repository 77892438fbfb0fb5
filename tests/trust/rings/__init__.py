"""Rings: what they hold is tried, on the real kernel, with the real bubblewrap and wasmtime."""
