"""Walks over a loss surface, many at once."""
