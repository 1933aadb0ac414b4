"""The figures of the study, a file each: from tables to matplotlib figures, nothing else."""
