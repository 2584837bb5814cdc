"""What an agent reads who takes a question over: why, what is wanted, what is known, what next."""
