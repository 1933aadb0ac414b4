"""The ledger, the tables, the style of the figures, the site."""
