"""Claims: their records, and how a family of them is judged."""
