"""Faults for real: a process that dies, or is told that the disk is full, at a given call that changes the disk."""
