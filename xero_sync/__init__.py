"""The write-back of loan events into the borrower's Xero, through Codat."""
