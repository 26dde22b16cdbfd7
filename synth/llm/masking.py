"""Keys and passwords, kept out of what is shown and stored."""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, unquote

MASK = "***"
SHORTEST = 8
"""Characters of a secret that is looked for in a server's texts: ``none`` and ``ollama`` are words as well as keys."""


class Secrets:
    """Finds secrets in a server's texts, which may give back what was sent.

    Args:
        values: the secrets; those shorter than ``SHORTEST`` are left out.
    """

    def __init__(self, values: Iterable[str]) -> None:
        found = sorted({value for value in values if len(value) >= SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_spelled, found)) + r"|\\\\") if found else None

    def mask(self, text: str) -> str:
        """The text with ``***`` for each secret, however JSON may spell it, so that no decoding brings one back."""
        return self._pattern.sub(_masked, text) if self._pattern else text


def secrets_of(parts: SplitResult) -> list[str]:
    """What a base URL holds that is secret: its password, in the header's form too, and the values of its query."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    found = [part.partition("=")[2] or part for part in parts.query.split("&")]
    found += [value for _, value in parse_qsl(parts.query)]
    if user or password:
        # Some servers take a key as the user's name, with no password.
        found += [parts.password or parts.username or "", password or user]
        found.append(b64encode(f"{user}:{password}".encode()).decode())
    return found


def masked_url(url: str) -> str:
    """An address, usable or not, with ``***`` for the user and password and for each value of the query."""
    start = url.find("//") + 2 if "//" in url else 0
    query = url.find("?", start) if "?" in url[start:] else len(url)
    end = url.rfind("@", start, query)
    if end < 0:
        # A password with a question mark in it, rather than a query: that would begin with a name and "=".
        value = url.find("=", query)
        end = url.rfind("@", start, value if value >= 0 else len(url))
    if end >= 0:
        url = url[:start] + MASK + url[end:]
    address, mark, values = url.partition("?")
    return address + mark + "&".join(map(_masked_value, values.split("&")))


def _masked_value(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    return name + equals + (MASK if value else "")


def _spelled(secret: str) -> str:
    """A pattern for a text as it is and as JSON may write it."""
    return "".join(map(_spelled_character, secret))


def _spelled_character(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    escapes = "".join(rf"\\u(?i:{units[place : place + 4]})" for place in range(0, len(units), 4))
    short = rf"\\{re.escape(character)}|" if character in '"\\/' else ""
    return f"(?:{short}{escapes}|{re.escape(character)})"


def _masked(found: re.Match[str]) -> str:
    text = found[0]
    if text == r"\\":
        return text  # JSON's escaped backslash: what follows it is no escape
    # Digits may be part of one of JSON's numbers, which asterisks would break.
    return "9" * len(text) if text.isdigit() else MASK
