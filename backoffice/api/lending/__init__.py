"""Companies, loans and their events over the API."""
