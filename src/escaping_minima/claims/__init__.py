"""Claims: their frozen records, and how a family of them is judged."""
