"""A network on a data set, a run a block."""
