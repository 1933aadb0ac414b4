"""What is added to any method: momentum, decay; one file each."""
