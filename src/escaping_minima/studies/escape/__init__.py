"""Study: every method on every small problem, and the question answered with numbers."""
