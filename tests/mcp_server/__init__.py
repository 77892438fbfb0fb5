"""Tests of `driven mcp serve`: the official SDK as its client, and raw bytes. (`mcp` is the name of the SDK.)"""
