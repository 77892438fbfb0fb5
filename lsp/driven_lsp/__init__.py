"""The language server of driven: what an editor talks to."""
