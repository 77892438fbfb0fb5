"""Tests of signatures: keys, manifests, lists of who is trusted, and what others think of them."""
