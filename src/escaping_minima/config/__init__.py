"""Configuration: typed sections, the scales, loading and checking."""
