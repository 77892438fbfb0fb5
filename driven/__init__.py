"""One source of rules for AI coding agents, written into every editor's own rule files. Imports are lazy."""

__version__ = "0.1.0"
