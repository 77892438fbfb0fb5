"""One source of rules for AI coding agents, in every editor's own files. Imports are lazy; types: __init__.pyi."""

__version__ = "0.1.0"

_PLACES = {
    "Always": "model.activation",
    "Artefact": "model.artefact",
    "Capability": "trust.capability",
    "CapabilityManifest": "trust.capability",
    "ConflictError": "errors",
    "Diagnostic": "model.diagnostic",
    "DrivenError": "errors",
    "Emission": "model.artefact",
    "ForPaths": "model.activation",
    "IntegrityGuard": "trust.rings.guard",
    "Loss": "model.artefact",
    "OnRequest": "model.activation",
    "Plan": "model.plan",
    "Rule": "model.rule",
    "RuleSet": "model.rule",
    "Sandbox": "trust.rings.sandbox",
    "Settings": "model.artefact",
    "Span": "span",
    "SyncReport": "model.plan",
    "Target": "model.target",
    "WhenRelevant": "model.activation",
    "explain": "views",
    "find_root": "pipeline",
    "import_files": "intake",
    "init": "intake",
    "load_rules": "views",
    "status": "views",
    "sync": "pipeline",
    "validate": "validation.validate",
}

__all__ = [
    "Always", "Artefact", "Capability", "CapabilityManifest", "ConflictError", "Diagnostic", "DrivenError", "Emission",
    "ForPaths", "IntegrityGuard", "Loss", "OnRequest", "Plan", "Rule", "RuleSet", "Sandbox", "Settings", "Span",
    "SyncReport", "Target", "WhenRelevant", "__version__", "explain", "find_root", "import_files", "init", "load_rules",
    "status", "sync", "validate",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"driven.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
