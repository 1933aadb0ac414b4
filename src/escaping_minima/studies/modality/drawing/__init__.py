"""The figures of the study, a file each."""
