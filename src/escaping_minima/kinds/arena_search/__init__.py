"""Settings of methods on small problems, drawn and tried side by side."""
