"""What people look at to see why the bot said what it said, and what it needs to know."""
