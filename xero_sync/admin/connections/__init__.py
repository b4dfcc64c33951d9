"""Pages of connections: `pages` shows them; each other module is one kind of act."""
