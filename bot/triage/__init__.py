"""Finds the routing tag of what a customer wrote: by the admin's rules, examples, or Claude."""
