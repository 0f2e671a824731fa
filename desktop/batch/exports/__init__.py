"""Sidecars in the formats of others: a file for each, which makes text of what was found."""
