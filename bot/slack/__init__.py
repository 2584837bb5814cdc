"""Slack: agents ask where they work, and check, rate, publish and hand over what they are told."""
