"""One file per editor: what it reads, written from its vendor's documentation, and one pure `emit`."""
