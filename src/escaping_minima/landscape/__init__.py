"""What the surface looks like: stationary points, basins."""
