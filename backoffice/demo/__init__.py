"""The demo: two loans from drawdown to settlement, written into a stand-in's Xero."""
