"""What the tables of several studies share."""
