"""The values that everything speaks: frozen, no I/O."""
