"""The trail: its page, and that everything that is done leaves an entry."""
