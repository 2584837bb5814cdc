"""What the knowledge lacks: worked out by a job into tables, read by a page."""
