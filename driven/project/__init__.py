"""The user's tree: configuration, sources, ledger. `disk` is the only writer."""
