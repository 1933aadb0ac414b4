"""Files that are whole or absent, and locks that vanish with their holder."""
