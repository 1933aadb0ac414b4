"""What parts of a cell are, what a study offers, and how both are found by name."""
