"""One word, one file, one function: `run(args, app) -> exit code`."""
