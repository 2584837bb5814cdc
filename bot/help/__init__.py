"""The help page: where customers find cited answers without writing a ticket.

Off unless an admin turns it on. Nobody signs in, so it answers from public knowledge only, sets no
cookie, and may be shown within other sites that the admin names.
"""
