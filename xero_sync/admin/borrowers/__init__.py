"""What operators do for a borrower: links, mails, consents."""
