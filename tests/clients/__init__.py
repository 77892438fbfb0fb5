"""Real editors against the real server: `make e2e` runs these, `make test` needs no editor."""
