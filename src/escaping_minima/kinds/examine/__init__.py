"""Measurements on small problems, from draws of their own."""
