"""Showing that a change of the code moved no bit: what is run, compared and traced."""
