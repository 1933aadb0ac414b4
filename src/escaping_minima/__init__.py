"""Escaping Minima: published experiments on how training leaves poor minima, re-run and judged."""

__version__ = "0.1.0"
