"""Where questions go: a server's address and key, and what its refusals mean."""

import asyncio
import os
from typing import Any
from urllib.parse import urlsplit

import openai

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.proposers.llm.completions import error_text
from synth.proposers.llm.failures import Failure

OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # local servers ask for no key, but the openai package insists on sending one
_CONNECT_SECONDS = 10.0


class Endpoint:
    """A server that speaks OpenAI's protocol.

    Args:
        base_url: such as ``http://localhost:8000/v1``; None takes ``$OPENAI_BASE_URL``, or else OpenAI's own.
        key: None takes ``$OPENAI_API_KEY``; servers other than OpenAI's need none.

    Raises:
        InputError: the address is no web address, or OpenAI's own server is meant and there is no key.
    """

    def __init__(self, base_url: str | None = None, key: str | None = None) -> None:
        self.base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip().rstrip("/")
        parts = _parts(self.base_url)
        self.is_openai = parts.hostname == "api.openai.com"
        self._key = (key or os.environ.get("OPENAI_API_KEY") or "").strip()
        if self.is_openai and not self._key:
            raise InputError(
                "there is no API key; set OPENAI_API_KEY, or give the base URL of a server that needs none, "
                "such as http://localhost:8000/v1"
            )
        if not (self._key.isascii() and (self._key.isprintable())):
            raise InputError("the API key holds characters that no key has; set OPENAI_API_KEY to the key alone")

    def open(self, timeout: float, retries: int) -> openai.AsyncOpenAI:
        """A connection pool for one event loop; close it after use.

        Args:
            timeout: seconds for one try, from sending to the last byte of the answer.
            retries: further tries after failures that may pass; the package waits as ``Retry-After`` says, or longer
                each time. It is the only layer that repeats anything. A try that ran out of time is not repeated: a
                server that was still writing may bill each one.
        """
        return openai.AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            base_url=self.base_url,
            max_retries=retries,
            timeout=openai.Timeout(None, connect=_CONNECT_SECONDS),
            http_client=_Deadlined(timeout),
        )


class TimedOut(openai.OpenAIError):
    """A try took longer than it may. The package passes its own kind of errors on without a further try."""


class _Deadlined(openai.DefaultAsyncHttpxClient):
    """Bounds a whole try; the timeouts of httpx start anew with every byte that trickles in."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def send(self, request: Any, **options: Any) -> Any:
        try:
            async with asyncio.timeout(self._seconds):
                return await super().send(request, **options)
        except TimeoutError as error:
            raise TimedOut(f"no whole answer within {self._seconds:g} s") from error


def failure_of(error: openai.OpenAIError) -> Failure:
    """What an error of one call says about that call."""
    if isinstance(error, TimedOut):
        return Failure("timed out", str(error))
    if isinstance(error, openai.APITimeoutError):
        return Failure("connection", f"no connection within {_CONNECT_SECONDS:g} s")
    if isinstance(error, openai.APIConnectionError):
        return Failure("connection", one_line(str(error.__cause__ or error)))
    if isinstance(error, openai.RateLimitError):
        return Failure("rate limited", _words(error))
    if isinstance(error, openai.APIStatusError):
        passing = error.status_code >= 500 or error.status_code in (408, 409)
        return Failure("server error" if passing else "refused", _words(error))
    return Failure("invalid response", one_line(str(error)))


def hopeless(error: openai.OpenAIError, endpoint: Endpoint, model: str) -> InputError | None:
    """The line to stop with when an error would meet every call alike; None when others may fare better."""
    if not isinstance(error, openai.APIStatusError):
        return None
    url, words = endpoint.base_url, _words(error)
    if error.status_code in (401, 403):
        return InputError(f"{url} refuses the API key ({words}); set OPENAI_API_KEY to one that is valid there")
    if error.status_code == 402 or error.code == "insufficient_quota":
        return InputError(f"the account at {url} has no credit left ({words}); top it up and run again")
    if error.status_code == 404:
        return InputError(f"{url} has no model {model} ({words}); name one that it serves, or mend the base URL")
    return None


def _words(error: openai.APIStatusError) -> str:
    return f"{error.status_code}: {error_text(error.body)}"


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{url!r} is no base URL; write it as http://localhost:8000/v1")
    return parts
