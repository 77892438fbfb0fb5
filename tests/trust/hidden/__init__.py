"""Hidden text is found wherever text comes in or goes out: by the scanner itself, at an import, at a sync."""
