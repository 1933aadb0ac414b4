"""How it is minimised: one file a method."""
