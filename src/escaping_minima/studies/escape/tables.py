"""Every derived table of the study, from the collected ones."""
