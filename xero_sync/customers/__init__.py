"""The borrower's own side: links, words, mails and the way to Xero."""
