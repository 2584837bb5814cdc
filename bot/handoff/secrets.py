"""Takes out what no note may repeat: card numbers, bank accounts, passwords. Pure.

Names and addresses stay: the agents who read the note read the ticket as well.
"""

from __future__ import annotations

import re

from connectors.zendesk.personal_data import without_payment_data

PASSWORD = "[password]"  # noqa: S105 - the mark that stands for one

_NAMES = (
    r"(?:pass ?words?|pass ?code|pass ?phrase|passwort|kennwort|mot de passe|mdp|contraseña|clave"
    r"|parola d'ordine|wachtwoord|senha|palavra-passe|hasło|lösenord|adgangskode|kodeord|pwd|pin"
    r"(?: code)?|cvv2?|cvc2?|security code|prüfnummer|api[ -]?key|secret(?: key)?|access token)"
)
_IS = (
    r"(?:\s*(?:is|was|lautet|ist|war|est|es|è|era|to|:|=|jest|to|är|er|é)(?=[\s:=])\s*"
    r"|\s*[:=]\s*)"
)
# What is said of a password instead of the password itself.
_SAID_OF_IT = (
    r"(?:not|no|wrong|invalid|incorrect|correct|right|lost|expired|the|a|an|my|still|never|always"
    r"|being|too|case|required|reset|nicht|falsch|ungültig|richtig|weg|abgelaufen|immer|zu|pas"
    r"|incorrecte?|perdue?|toujours|incorrect[ao]|correct[ao]|perdid[ao]|siempre|errat[ao]"
    r"|scadut[ao]"
    r"|sbagliat[ao]|niet|onjuist|verkeerd|errad[ao]|inválid[ao]|não|nie|błędne|inte|fel|ikke"
    r"|forkert"
    r"|what|where|in|on|for|from|by|log|change|work|working|rejected|refused|needed)\b"
)
_PASSWORD = re.compile(rf"\b({_NAMES}{_IS})(?!{_SAID_OF_IT})(\S+)", re.IGNORECASE)
_PASSWORD_JA = re.compile(r"(パスワード(?:は|:|:|=)\s*)([!-~]{3,})")


def masked(text: str) -> str:
    """The text with marks in place of secrets. Rather a word too much than one too few."""
    text = _PASSWORD.sub(rf"\1{PASSWORD}", without_payment_data(text))
    return _PASSWORD_JA.sub(rf"\1{PASSWORD}", text)
