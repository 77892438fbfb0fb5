"""Tests of `driven.streaming`."""
