"""Pages of lender accounts and missing lines: `pages` shows, `actions` acts."""
