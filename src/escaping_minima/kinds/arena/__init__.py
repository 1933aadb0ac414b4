"""Methods on small problems within a budget of sample evaluations."""
