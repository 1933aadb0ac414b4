"""What parts of the package offer one another, and how they are found by name."""
