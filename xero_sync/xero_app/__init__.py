"""The lender's app at Xero: set up, switched, certified."""
