"""The official formats: one file each, found by name, which turns bytes into arrays or texts.

Each has ``decode(contents, classes, place)``: bytes by official name, the names of the labels where
no file holds them, and where the bytes came from, for messages; it returns the whole record. A file
here stands in the hash of the sources of what was trained on it, so it imports nothing else.
"""
