"""Tests of what stands around calls to plugins and hosts, of sessions, and of telemetry."""
