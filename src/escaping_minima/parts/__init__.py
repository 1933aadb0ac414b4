"""What parts of a cell are: their settings, their names, how one is found."""
