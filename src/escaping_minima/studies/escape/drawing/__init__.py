"""The figures of the study, one subject a file."""
