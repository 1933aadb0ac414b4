"""The figures of the study, one file each, and what they share."""
