"""Tests of what decides whether a text can be trusted."""
