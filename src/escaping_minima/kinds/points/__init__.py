"""Replicates of a small problem, many at once."""
