"""The REST API for internal services, under `/api/v1/`."""
