"""What the operators' pages of this app have in common: search, evidence, one row."""
