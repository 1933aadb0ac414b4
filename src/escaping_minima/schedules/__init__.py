"""How a setting goes during a run: batch sizes, rates, temperatures."""
