"""HTTP with a server that may be odd or hostile: a response is bounded in time and size and freed of secrets."""

import asyncio
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin

import openai

from synth.llm.errors import error_text, error_within, read_json

Result = TypeVar("Result")
MOST_BYTES = 16 * 2**20
"""Of a response's body, packed and unpacked: a thousand times an answer's usual size."""
MOST_FILE_BYTES = 512 * 2**20
"""The same of a file; a batch of 200 MB comes back with the answers to it."""
MASK = "***"
SHORTEST = 8
"""Characters of a secret that is looked for in a server's texts: ``none`` and ``ollama`` are words as well as keys."""
_FILE = re.compile(r"/files/[^/]+/content$")
_RESOURCE = re.compile(r"/(chat/completions|models|files|batches)(/.*)?$")
_PACKED = ("gzip", "deflate")
_ABOUT_THE_BODY = (b"content-encoding", b"content-length", b"content-type", b"transfer-encoding")
_COMPLETION = re.compile(r"/chat/completions$")
_UNSENT = ("ConnectError", "ConnectTimeout", "PoolTimeout")  # httpx's, before anything left


@dataclass
class Tries:
    """The tries of one call.

    Attributes:
        on_loss: called when one was sent and brought no whole answer: it may have been billed.
        has_room: whether the budget allows another after that.
        lost: how many were lost.
    """

    on_loss: Callable[[], None]
    has_room: Callable[[], bool]
    lost: int = 0

    def lose(self) -> None:
        self.lost += 1
        self.on_loss()


TRIES: ContextVar[Tries | None] = ContextVar("TRIES", default=None)
"""Those of the call under way, if somebody keeps count. The openai package repeats a try without a word."""


class TimedOut(openai.OpenAIError):
    """A try took longer than it may. The package passes its own kind of errors on without a further try."""


class NoRoom(openai.OpenAIError):
    """Tries that were lost may have cost so much that the budget allows no other."""


class InvalidResponse(openai.OpenAIError):
    """A response that is not read, and why, in words that may hold the server's; not tried again either."""


class Redirected(openai.OpenAIError):
    """The server points elsewhere.

    Attributes:
        target: the base URL there, or what was given in its place; empty when nothing was.
    """

    def __init__(self, target: str) -> None:
        super().__init__("the server points to another address")
        self.target = target


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


class Transport(openai.DefaultAsyncHttpxClient):
    """Sends the openai package's requests, and hands it whole responses.

    Their text is valid UTF-8 with secrets masked. Redirects are refused: they would carry prompts and keys to another
    host. An error's body holds no more than its message and code, as texts. An error that comes with status 200 gets
    the status it ought to have had, so that one that may pass is tried again.

    Args:
        seconds: for a whole try; the timeouts of httpx start anew with every byte that trickles in.
        query: sent with each request.

    Raises:
        TimedOut, InvalidResponse, Redirected, NoRoom: by :meth:`send`.
    """

    def __init__(self, seconds: float, secrets: Secrets, query: Sequence[tuple[str, str]]) -> None:
        # Other encodings unpack a single piece to any size.
        super().__init__(follow_redirects=False, headers={"Accept-Encoding": "gzip"}, params=list(query))
        self._seconds = seconds
        self._secrets = secrets

    async def send(self, request: Any, **options: Any) -> Any:
        if (tries := TRIES.get()) and tries.lost and not tries.has_room():
            raise NoRoom("it broke off, and the budget has no room for another try")
        try:
            async with asyncio.timeout(self._seconds):
                response = await super().send(request, **options | {"stream": True, "follow_redirects": False})
                try:
                    if 300 <= response.status_code < 400:
                        raise Redirected(_target(str(request.url), response.headers.get("location", "")))
                    body = await _read(response, MOST_FILE_BYTES if _FILE.search(request.url.path) else MOST_BYTES)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            _lose()
            raise TimedOut(f"no whole answer within {self._seconds:g} s") from error
        except asyncio.CancelledError:  # the run ends before the answer
            _lose()
            raise
        except Exception as error:
            if type(error).__name__ not in _UNSENT and not isinstance(error, Redirected):
                _lose()
            raise
        # What the server says of the encoding is not believed: Python knows some that unpack.
        text = self._secrets.mask(body.decode("utf-8", "replace"))
        status = response.status_code
        if status >= 400:
            text = _plain_error(text)
        elif _COMPLETION.search(request.url.path) and (found := _error_within(text)):
            status, text = found
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _ABOUT_THE_BODY]
        headers.append((b"content-type", b"application/json; charset=utf-8"))
        return type(response)(status, headers=headers, content=text.encode(), request=request)


def _lose() -> None:
    if tries := TRIES.get():
        tries.lose()


async def _read(response: Any, most: int) -> bytes:
    """A response's body, unpacked.

    Raises:
        InvalidResponse: it has more bytes than ``most``, packed or unpacked, or cannot be unpacked.
    """
    given = response.headers.get("content-encoding", "").strip()
    encoding = given.lower()
    if encoding not in ("", "identity", *_PACKED):
        raise InvalidResponse(f"the body is packed by {given}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in _PACKED else None  # 32: gzip or zlib, as it comes
    body = bytearray()
    received = 0
    try:
        async for piece in response.aiter_raw():
            received += len(piece)
            if unpacker is None:
                body += piece
            elif not unpacker.eof:
                body += unpacker.decompress(piece, most + 1 - len(body))
            if max(received, len(body)) > most:
                raise InvalidResponse(f"the body is larger than {most // 2**20} MiB")
    except zlib.error as error:
        raise InvalidResponse(f"the body is not packed by {encoding}, as it says") from error
    if unpacker is not None and received and not unpacker.eof:
        raise InvalidResponse(f"the body, packed by {encoding}, breaks off")
    return bytes(body)


def _target(asked: str, location: str) -> str:
    """The base URL at which a redirect points."""
    try:
        target = urljoin(asked, location) if location else ""
    except ValueError:  # brackets that hold no address
        target = location
    return _RESOURCE.sub("", target)


def _plain_error(text: str) -> str:
    """An error's body as the openai package expects it, which reads other shapes without care."""
    try:
        body = read_json(text)
    except ValueError:
        body = text
    error = body.get("error", body) if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return json.dumps({"error": {"message": error_text(body), "code": code if isinstance(code, str) else None}})


def _error_within(text: str) -> tuple[int, str] | None:
    """The status and the body of an error that came with status 200."""
    try:
        body = read_json(text)
    except ValueError:
        return None
    found = error_within(body)
    return found and (found[0], json.dumps({"error": {"message": found[1], "code": None}}))


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


def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives, in a thread of its own where this one runs a loop already, as a notebook does."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
