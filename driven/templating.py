"""Templates in the project: found, filled in, and put among the rules."""
