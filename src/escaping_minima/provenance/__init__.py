"""Where numbers come from: sources, versions, commit."""
