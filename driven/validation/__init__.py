"""`driven validate`: finds the rule files of a folder, asks every check, and takes away what a person silenced."""
