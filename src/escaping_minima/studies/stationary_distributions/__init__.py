"""Where the end points of 500 starts lie (Inan et al. 2024, Table 1)."""
