"""Packs: rules from elsewhere, accepted by content and key, or not read at all."""
