"""Populations of models on real tasks: Inan, Liu and Shehu 2024, Tables 2 to 6 and Figure 4."""
