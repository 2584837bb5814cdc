"""How a command gets the product: settings read, logging set up, parts closed at the end."""

import getpass
import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.audit import Actor
    from bot.bootstrap import Application
    from bot.settings import Settings


def configured(*, level: int) -> "Settings":
    """Settings, with the log writing from `level` up. Raises SettingInvalid."""
    from bot import log, settings  # noqa: PLC0415 - keeps --help instant

    found = settings.load()
    log.configure(
        log_format=found.log.log_format,
        level=logging.DEBUG if found.log.debug else level,
        secrets=found.secrets(),
    )
    return found


@contextmanager
def application(*, level: int = logging.WARNING) -> "Iterator[Application]":
    """The product for one command. People at a terminal are told of warnings only; processes
    that run for long ask for `level=logging.INFO`."""
    from bot.bootstrap import Application  # noqa: PLC0415 - keeps --help instant

    with Application(settings=configured(level=level)) as opened:
        yield opened


def operator() -> "Actor":
    """Who types the command: the account of this machine."""
    from bot.audit import Actor  # noqa: PLC0415 - keeps --help instant

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        name = f"uid {os.getuid()}"
    return Actor(surface="cli", name=name)
