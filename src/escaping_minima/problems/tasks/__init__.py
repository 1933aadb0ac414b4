"""What a network is fed with and judged by."""
