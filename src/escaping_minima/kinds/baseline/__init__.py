"""Simple classifiers of texts, beside which what a network scores is to be read."""
