"""The set-up page of the lender's app: `pages` shows, `guide` leads, `actions` acts."""
