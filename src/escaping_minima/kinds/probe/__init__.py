"""Measurements at states and points that other cells kept."""
