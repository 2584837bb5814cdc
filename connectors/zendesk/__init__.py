"""Zendesk: the account's API behind one client, and what is read from it as documents."""
