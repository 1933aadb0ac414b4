"""From blocks to compact tables: map, keep, merge, and read again."""
