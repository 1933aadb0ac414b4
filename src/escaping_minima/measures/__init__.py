"""What probes measure at states and points that other cells kept, one file each."""
