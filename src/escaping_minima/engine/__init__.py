"""How a block is run: streams, counting, checkpoints."""
