"""A plugin that misspells its hook: pluggy alone would accept it without a word."""

from driven.hookspecs import hookimpl


@hookimpl
def driven_emiters() -> list[object]:
    return []
