"""Tests of `driven validate`: a package, so that they share the reader of cases."""
