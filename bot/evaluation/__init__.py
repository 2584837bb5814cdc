"""Measures what the bot does on files and on what is in the database."""
