"""Values and arrays as text that a page reads back: JSON and the arrays' bytes, compressed.

What is packed is, before gzip and base64: the length of the JSON in bytes (unsigned, 4 bytes, little-endian), the JSON,
and the bytes of all arrays. In the JSON an array is ``{"$": [type, start, length]}``, with the start in bytes from the
end of the JSON and the length in values.
"""

import gzip
import json
from base64 import b64encode
from typing import Any

import numpy as np

_TYPES = {"uint8": "u1", "int16": "i2", "int32": "i4", "float32": "f4"}
"""NumPy's name of a type to the name in the JSON; all are little-endian."""


def packed(value: Any) -> str:
    """A value of which any part may be an array of a type in the table above, flattened."""
    arrays: list[bytes] = []
    start = 0

    def written(part: Any) -> Any:
        nonlocal start
        if not isinstance(part, np.ndarray):
            raise TypeError(f"{type(part).__name__} cannot be packed")
        data = part.astype(part.dtype.newbyteorder("<"), copy=False).tobytes()
        data += bytes(-len(data) % 4)  # so that each starts where its type may
        found = {"$": [_TYPES[part.dtype.name], start, part.size]}
        arrays.append(data)
        start += len(data)
        return found

    text = json.dumps(value, default=written, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b64encode(gzip.compress(b"".join([len(text).to_bytes(4, "little"), text, *arrays]), 9, mtime=0)).decode()
