"""Tests of sessions, quotas, budgets and the audit log."""
