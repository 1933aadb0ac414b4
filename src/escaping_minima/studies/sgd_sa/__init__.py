"""Simulated annealing inside SGD: Fischetti and Stringher 2021."""
