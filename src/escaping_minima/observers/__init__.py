"""What is recorded along a run, one file each; a cell names them."""
