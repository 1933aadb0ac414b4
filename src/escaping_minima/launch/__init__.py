"""The process around Snakemake: what is left of a run, its start, progress, stop and failure."""
