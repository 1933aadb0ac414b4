"""Intervals, corrections, verdicts and power; no torch."""
