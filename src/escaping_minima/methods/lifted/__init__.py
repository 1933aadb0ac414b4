"""What is around a method when people lift it into their own training: see `optimizer`."""
