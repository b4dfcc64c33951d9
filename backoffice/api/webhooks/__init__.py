"""Webhook endpoints and their deliveries over the API."""
