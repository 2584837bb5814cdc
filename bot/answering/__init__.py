"""Engines that write an answer from passages, each statement with its citations."""
