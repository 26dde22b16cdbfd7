"""How the pool and a worker speak: frames of a JSON header and raw array bytes. Nothing that is received is executed.

To the worker a frame is its two lengths, a JSON object and the bytes of the arrays it names. Back comes an answer: a
verdict's number, a length, and either scores or a line of text.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

FRAME = struct.Struct("<IQ")
"""Lengths of the JSON object and of what follows it."""
ANSWER = struct.Struct("<BQ")
"""Number of the verdict, and the length of what follows."""
PROCESS = struct.Struct("<i")
"""What the pool and the server that forks workers say to each other: a process id."""
MAX_REASON = 2000
"""Bytes of the longest text in an answer."""


def pack(header: dict[str, Any], arrays: Sequence[np.ndarray] = ()) -> bytes:
    """A frame; the arrays' types and shapes go into the header as ``arrays``."""
    header["arrays"] = [(array.dtype.str, array.shape) for array in arrays]
    text = json.dumps(header).encode()
    body = [array.tobytes() for array in arrays]
    return b"".join([FRAME.pack(len(text), sum(map(len, body))), text, *body])


def unpack(text: bytes, body: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Header and arrays of a frame; the arrays are read-only."""
    header = json.loads(text)
    arrays, start = [], 0
    for dtype, shape in header.pop("arrays"):
        array = np.frombuffer(body, dtype, int(np.prod(shape)), start).reshape(shape)
        start += array.nbytes
        arrays.append(array)
    return header, arrays
