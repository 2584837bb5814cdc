"""What jobs do. The names they are enqueued under stand in `bot.queue`."""
