"""Trials of settings, judged on a split of the training set."""
