"""How Django itself writes the days and times of its columns, by language."""
