"""Turns documents into passages that can be found: Document in, Passage out."""
