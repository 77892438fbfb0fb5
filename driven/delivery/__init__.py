"""Packs from elsewhere: from a rule server, git or a path into the cache, looked at, and into the project."""
