"""The plan: cells, blocks and jobs."""
