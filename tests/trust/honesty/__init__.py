"""The honesty of the grammar: every verb runs with what it declares, and does not with less."""
