"""Entries and the decisions about them over the API."""
