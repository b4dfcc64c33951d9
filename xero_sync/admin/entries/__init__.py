"""Pages of entries and what was sent for them: `pages`, `requests`."""
