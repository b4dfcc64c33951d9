"""The page of the partner programme: `pages` shows, `actions` acts."""
