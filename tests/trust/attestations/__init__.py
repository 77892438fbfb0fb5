"""Attestations: envelopes, roots, chains, revocations, and the commands that make and check them."""
