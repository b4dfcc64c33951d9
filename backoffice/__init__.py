"""The back office that joins both apps: settings, addresses, admin, API, webhooks."""
