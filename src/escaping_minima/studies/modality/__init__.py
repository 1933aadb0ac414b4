"""Loss surfaces of small networks, sampled by gradient walks: what shape width and depth give."""
