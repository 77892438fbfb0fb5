"""Packs on their way from a server, a repository or a path into a project."""
