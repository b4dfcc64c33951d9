"""Connections, their accounts, switches and bank feeds over the API."""
