"""Where questions go: a server's address and key, and what its refusals mean."""

import asyncio
import ipaddress
import os
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

import openai

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.llm.dialect import LIMITS, Dialect
from synth.llm.errors import error_text, read_json
from synth.llm.failures import Failure
from synth.llm.transport import NoRoom, Redirected, Secrets, TimedOut, Transport, masked_url, secrets_of

OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # local servers ask for no key, but the openai package insists on sending one
_CONNECT_SECONDS = 10.0
_REACH_SECONDS = 10.0
_NAMED = 5
"""Of the models that a server lists."""
_LONGEST_URL = 8000
_FLAGGED = re.compile(r"flagged|moderat|content.?(?:policy|filter)", re.IGNORECASE)
"""Said of a single question."""
_IPV4 = re.compile(r"\d+(\.\d+){3}")


class Endpoint:
    """A server that speaks OpenAI's protocol.

    Args:
        base_url: such as ``http://localhost:8000/v1``; None takes ``$OPENAI_BASE_URL``, or else OpenAI's own. A user
            and password in it are sent instead of the key, a query is sent with each request.
        key: None takes ``$OPENAI_API_KEY``; servers other than OpenAI's need none.

    Attributes:
        address: the base URL as it may be shown and stored, passwords and keys in it masked.
        start: the form in which questions are tried first.

    Raises:
        InputError: the address is no web address, or OpenAI's own server is meant and there is no key.
    """

    def __init__(self, base_url: str | None = None, key: str | None = None) -> None:
        self._key = (key or os.environ.get("OPENAI_API_KEY") or "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise InputError("the API key holds characters that no key has; set OPENAI_API_KEY to the key alone")
        parts = _parts((base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip(), self._key)
        self.address = masked_url(parts.geturl())
        is_openai = parts.hostname == "api.openai.com"
        # All its models take the second; with the first there, some would refuse a question.
        self.start = Dialect(LIMITS[is_openai])
        # Apart, since the openai package would write the path of a request behind the query.
        self._base_url = parts._replace(query="").geturl()
        self._query = parse_qsl(parts.query, keep_blank_values=True)
        self._secrets = Secrets([self._key, *secrets_of(parts)])
        if is_openai and not self._key:
            raise InputError(
                "there is no API key; set OPENAI_API_KEY, or give the base URL of a server that needs none, "
                "such as http://localhost:8000/v1"
            )

    def open(self, timeout: float, retries: int) -> openai.AsyncOpenAI:
        """A connection pool for one event loop; close it after use.

        What comes back over it is bounded and masked, see `Transport`.

        Args:
            timeout: seconds for one try, from sending to the last byte of the answer.
            retries: further tries after failures that may pass; the package waits as ``Retry-After`` says, or longer
                each time. It is the only layer that repeats anything. A try that ran out of time is not repeated: a
                server that was still writing may bill each one.
        """
        return openai.AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            base_url=self._base_url,
            max_retries=retries,
            timeout=openai.Timeout(None, connect=_CONNECT_SECONDS),
            http_client=Transport(timeout, self._secrets, self._query),
        )

    def failure_of(self, error: openai.OpenAIError) -> Failure:
        """What an error of one call says about that call."""
        if isinstance(error, TimedOut):
            return Failure("timed out", str(error))
        if isinstance(error, NoRoom):
            return Failure("connection", str(error))
        if isinstance(error, openai.APITimeoutError):
            return Failure("connection", f"no connection within {_CONNECT_SECONDS:g} s")
        if isinstance(error, openai.APIConnectionError):
            # Such as a header that is none, quoted in full.
            return Failure("connection", one_line(self._secrets.mask(str(error.__cause__ or error))) or "it broke off")
        if isinstance(error, openai.RateLimitError):
            return Failure("rate limited", _words(error))
        if isinstance(error, openai.APIStatusError):
            passing = error.status_code >= 500 or error.status_code in (408, 409)
            return Failure("server error" if passing else "refused", _words(error))
        return Failure("invalid response", one_line(self._secrets.mask(str(error))))

    def hopeless(self, error: openai.OpenAIError, model: str) -> InputError | None:
        """The line to stop with when an error would meet every call alike; None when others may fare better."""
        if isinstance(error, Redirected):
            return self.redirected(error)
        if not isinstance(error, openai.APIStatusError):
            return None
        url, words = self.address, _words(error)
        if error.status_code == 403:
            if _FLAGGED.search(words):
                return None
            return InputError(
                f"{url} forbids questions to {model} ({words}); mend what it names, or set OPENAI_API_KEY to one that "
                "may ask them"
            )
        if error.status_code == 401:
            return InputError(f"{url} refuses the API key ({words}); set OPENAI_API_KEY to one that is valid there")
        if error.status_code == 402 or error.code == "insufficient_quota":
            return InputError(f"the account at {url} has no credit left ({words}); top it up and run again")
        if error.status_code == 404:
            return InputError(f"{url} has no model {model} ({words}); name one that it serves, or mend the base URL")
        return None

    def dead(self, model: str, last: Failure, hint: str = "") -> InputError:
        """The line to stop with when nothing is answered; ``hint`` comes behind it."""
        if last.kind == "refused":
            remedy = "mend what it names"
        elif last.kind == "rate limited":
            remedy = "wait until it has room, or set a lower --concurrency"
        elif last.kind == "timed out":
            remedy = "see whether the server is at work, or lower --answer-tokens and --concurrency"
        else:
            remedy = "check the base URL, the model's name and the server"
        return InputError(
            f"{self.address} answers nothing for {model}, the last time with {last}; {remedy}, then run again to go on "
            f"from here{hint}"
        )

    def redirected(self, error: Redirected) -> InputError:
        """The line that says where the server points to."""
        target = one_line(self._secrets.mask(masked_url(error.target))) or "another address"
        return InputError(
            f"{self.address} points to {target}, and neither questions nor the key go there unasked; if that is the "
            "server that you mean, give its address with --base-url"
        )


async def reach(connection: openai.AsyncOpenAI, endpoint: Endpoint, model: str) -> list[str]:
    """Find out, without repeating anything, whether a server listens; the models that it lists.

    Raises:
        InputError: it does not, or points elsewhere.
    """
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            listed = read_json(await connection.with_options(max_retries=0).get("/models", cast_to=str))
    except openai.APIConnectionError as error:
        raise endpoint.dead(model, endpoint.failure_of(error)) from error
    except Redirected as error:
        raise endpoint.redirected(error) from error
    except (openai.OpenAIError, TimeoutError, ValueError):
        # Not every server lists its models, and a key may be for completions only: the questions will tell.
        return []
    entries = listed.get("data") if isinstance(listed, dict) else None
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [name for name in names if isinstance(name, str)]


def listing(listed: Sequence[str], model: str) -> str:
    """The models that a server lists, as the end of a line, when a model is not among them."""
    if not listed or model in listed:
        return ""
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"; it lists {', '.join(one_line(name, 80) for name in listed[:_NAMED])}{more}"


def _words(error: openai.APIStatusError) -> str:
    return f"{error.status_code}: {error_text(error.body)}"


def _parts(url: str, key: str) -> SplitResult:
    """The parts of a base URL.

    Raises:
        InputError: it is none, or one that the layers below stumble over.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")  # as whoever resolves it will
        if "[" in parts.netloc or _IPV4.fullmatch(host):
            ipaddress.ip_address(host)
        usable = parts.scheme in ("http", "https") and host and parts.port != 0 and not parts.fragment
        usable = usable and url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    except ValueError:
        usable = False
    if not usable:
        shown = one_line(Secrets([key]).mask(masked_url(url)))
        raise InputError(f"{shown!r} is no base URL; write it as http://localhost:8000/v1")
    return parts._replace(path=parts.path.rstrip("/"))
