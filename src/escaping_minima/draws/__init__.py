"""Named randomness: streams, and what is drawn from them."""
