"""How the blocks of a cell are computed, one folder a kind."""
