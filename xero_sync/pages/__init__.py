"""Pages that a borrower opens with a link, without an account."""
