"""The lender's book: companies, loans and their events."""
