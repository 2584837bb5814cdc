"""The console: where people see what the bot does, decide, and repair what it got wrong.

One module per page: it exports `PAGE`, which says its address, its place in the menu, the least
role that may open it, and its routes. `console` puts the pages together; a page joins by one entry
in `bot.admin.console.PAGES` and one template.
"""
