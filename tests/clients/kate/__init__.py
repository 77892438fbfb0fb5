"""Kate on a screen of its own, and a tee between it and the server."""
