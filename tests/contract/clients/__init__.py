"""The API as its callers see it: its description linted, and clients made of it."""
