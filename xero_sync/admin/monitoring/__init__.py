"""Pages of limits and background work: `background`; rows for superusers: `pages`."""
