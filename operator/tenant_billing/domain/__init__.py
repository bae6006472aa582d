"""Decisions: what should happen, as values. No input or output, no clock, no framework."""
