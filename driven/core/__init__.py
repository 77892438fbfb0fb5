"""Bytes and states, compiled by mypyc. Knows no rule, no path, no plugin; imports nothing of ours but `_rt`."""
