"""HTTP with a server that may be odd or hostile: a response is bounded in time and size and freed of secrets."""

import asyncio
import json
import re
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

import openai

from synth.llm.masking import Secrets
from synth.llm.server_json import error_text, read_json

MOST_BYTES = 16 * 2**20
"""Of a response's body, packed and unpacked: a thousand times an answer's usual size."""
MOST_FILE_BYTES = 512 * 2**20
"""The same of a file; a batch of 200 MB comes back with the answers to it."""
_FILE = re.compile(r"/files/[^/]+/content$")
_RESOURCE = re.compile(r"/(chat/completions|models|files|batches)(/.*)?$")
_PACKED = ("gzip", "deflate")
_ABOUT_THE_BODY = (b"content-encoding", b"content-length", b"content-type", b"transfer-encoding")


class TimedOut(openai.OpenAIError):
    """A try took longer than it may. The package passes its own kind of errors on without a further try."""


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


class Transport(openai.DefaultAsyncHttpxClient):
    """Sends the openai package's requests, and hands it whole responses.

    Their text is valid UTF-8 with secrets masked. Redirects are refused: they would carry prompts and keys to another
    host. An error's body holds no more than its message and code, as texts.

    Args:
        seconds: for a whole try; the timeouts of httpx start anew with every byte that trickles in.
        query: sent with each request.

    Raises:
        TimedOut, InvalidResponse, Redirected: by :meth:`send`.
    """

    def __init__(self, seconds: float, secrets: Secrets, query: Sequence[tuple[str, str]]) -> None:
        # Other encodings unpack a single piece to any size.
        super().__init__(follow_redirects=False, headers={"Accept-Encoding": "gzip"}, params=list(query))
        self._seconds = seconds
        self._secrets = secrets

    async def send(self, request: Any, **options: Any) -> Any:
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
            raise TimedOut(f"no whole answer within {self._seconds:g} s") from error
        # What the server says of the encoding is not believed: Python knows some that unpack.
        text = self._secrets.mask(body.decode("utf-8", "replace"))
        if response.status_code >= 400:
            text = _plain_error(text)
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _ABOUT_THE_BODY]
        headers.append((b"content-type", b"application/json; charset=utf-8"))
        return type(response)(response.status_code, headers=headers, content=text.encode(), request=request)


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
