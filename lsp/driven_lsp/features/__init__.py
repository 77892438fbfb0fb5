"""What the server answers: one file per method of the protocol, each a pure function over a snapshot."""
