"""The command line: parse, dispatch, print, decide the exit code."""
