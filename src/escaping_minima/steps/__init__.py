"""The steps that the rules call by shell, and a person by hand."""
