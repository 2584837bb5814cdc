"""Behaviour that is learned: datasets from what people decided, small models, and their gate."""
