"""NumPy's functions and methods as programs may call them: what they return was computed, from the arguments alone.

NumPy hands out memory as it was left where ``where`` leaves cells out, reads the clock when it makes a date of "now",
and shows where an object lies in memory when it makes text of one. Which of these a call asks for stands in its
arguments: a type of numbers, ``where``, ``mode``.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

_NEVER = 100
_DTYPE_AT = {
    "arange": 3, "array": 1, "asarray": 1, "cumprod": 2, "cumsum": 2, "eye": 3, "fromiter": 1, "full": 2,
    "full_like": 2, "geomspace": 4, "identity": 1, "indices": 1, "linspace": 5, "logspace": 5, "mean": 2,
    "nancumsum": 2, "nanmean": 2, "nanprod": 2, "nanstd": 2, "nansum": 2, "nanvar": 2, "ones": 1, "ones_like": 1,
    "prod": 2, "std": 2, "sum": 2, "trace": 4, "tri": 3, "var": 2, "zeros": 1, "zeros_like": 1,
}  # fmt: skip
"""Functions that take a type of numbers by position too, and its place."""
METHODS = {
    "argsort": -1, "astype": 0, "clip": 3, "cumprod": 1, "cumsum": 1, "fill": 0, "mean": 1, "prod": 1, "std": 1,
    "sum": 1, "trace": 3, "var": 1,
}  # fmt: skip
"""Methods of arrays that take a type of numbers, ``where`` or a filler, and the place from which on; -1: always looked
at."""
HARMLESS = frozenset({"axis", "keepdims", "ddof", "out", "initial", "copy", "min", "max", "offset"})
"""Keywords of these methods that need no look."""
_TYPE_NAME = re.compile(
    r"[<>=|]?(?:[?bBhHiIlLqQefdFDO]|b1|[iu][1248]|f[248]|c(?:8|16)|U\d*)"
    r"|bool_?|u?int(?:8|16|32|64|p|_)?|float(?:16|32|64)?|half|single|double|complex(?:64|128)?|str_?|object_?"
    r"|u?(?:byte|short|intc|long|longlong)"
)
_NUMBERS_AND_TEXT = frozenset("biufcUO")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def shown(value: object, conversion: str = "") -> Any:
    """What a formatted string shows of a value: text and numbers as they are, others as text without addresses.

    Args:
        conversion: ``s``, ``r`` or ``a`` where it stands behind an exclamation mark.
    """
    if conversion in ("r", "a"):
        return _ADDRESS.sub("", repr(value) if conversion == "r" else ascii(value))
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind != "O":
        value = value[()]  # the sum of a mask, say
    if not conversion and isinstance(value, str | int | float | complex | np.number | np.bool_):
        return value  # as it is, so that a format such as ``:.2f`` may follow
    return as_text(value)


def as_text(value: object) -> str:
    """``str`` of a value, without the place of an object in memory, which differs each time."""
    text = str(value)
    return text if isinstance(value, str) else _ADDRESS.sub("", text)


def remainder(left: Any, right: Any) -> Any:
    """``left % right``, which formats where the left is text."""
    found = left % right
    return _ADDRESS.sub("", found) if isinstance(left, str) else found


class _Kind(type):
    """A name that ``isinstance`` understands and nothing else does: no value can be made with it."""

    _real: type

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError(f"{cls.__name__} cannot be changed")

    def __delattr__(cls, name: str) -> None:
        raise TypeError(f"{cls.__name__} cannot be changed")

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls._real)

    def __call__(cls, *_: object, **__: object) -> Any:
        raise TypeError(f"np.{cls.__name__} makes no arrays or numbers here; use np.zeros, np.array or float")


class _Text(_Kind):
    """``str``: what it makes of a value holds no address."""

    def __call__(cls, value: object = "", *_: object, **__: object) -> str:
        return as_text(value)


def kind_of(real: type) -> Any:
    """What programs know as one of NumPy's abstract types, or as the type of its arrays."""
    return _Kind(real.__name__, (), {"__slots__": (), "_real": real})


def text_kind(methods: list[str]) -> Any:
    """What programs know as ``str``."""
    return _Text("str", (), {"__slots__": (), "_real": str, **{name: getattr(str, name) for name in methods}})


def checked(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """A NumPy function of this name that may be called with anything."""
    return _checked(function, _DTYPE_AT.get(name, _NEVER), leaves_out=name == "clip")


def method(value: Any, name: str) -> Any:
    """An attribute named in ``METHODS`` of any value."""
    found = getattr(value, name)
    if isinstance(value, type):
        # Of NumPy's types of numbers these are methods of arrays too, which would go unlooked at.
        raise TypeError(f"`.{name}` of a type is not available; call it on an array")
    if not isinstance(value, np.ndarray | np.generic):
        return found
    if name == "argsort":
        return ordered(found, 1)
    if name == "fill":
        return lambda filler: found(shown(filler) if value.dtype.kind == "U" else filler)
    return _checked(found, METHODS[name], leaves_out=name == "clip")


def ordered(argsort: Callable[..., Any], kind_at: int) -> Callable[..., Any]:
    """``argsort`` that leaves what is equal in its order, where others let the processor's features decide.

    Args:
        kind_at: the place of the argument that names a way of sorting.
    """

    def call(*arguments: Any, **options: Any) -> Any:
        options.pop("stable", None)  # another name for the same
        if len(arguments) > kind_at:
            arguments = (*arguments[:kind_at], "stable", *arguments[kind_at + 1 :])
        else:
            options["kind"] = "stable"
        return argsort(*arguments, **options)

    return call


def padded(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """``np.pad`` without the mode that computes nothing."""
    if isinstance(mode, str) and mode == "empty":
        raise ValueError("np.pad with mode='empty' leaves cells as they were; use mode='constant'")
    return np.pad(array, pad_width, mode, **options)


class Ufunc:
    """One of NumPy's universal functions, with all but ``at``, which would write to what is read-only."""

    __slots__ = ("_ufunc",)

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _computed(self._ufunc, arguments, options) if options else self._ufunc(*arguments)

    def outer(self, *arguments: Any, **options: Any) -> Any:
        return _computed(self._ufunc.outer, arguments, options)

    def reduce(self, *arguments: Any, **options: Any) -> Any:
        return _checked(self._ufunc.reduce, 2)(*arguments, **options)

    def accumulate(self, *arguments: Any, **options: Any) -> Any:
        return _checked(self._ufunc.accumulate, 2)(*arguments, **options)

    def reduceat(self, *arguments: Any, **options: Any) -> Any:
        return _checked(self._ufunc.reduceat, 3)(*arguments, **options)


def _checked(function: Callable[..., Any], dtype_at: int, *, leaves_out: bool = False) -> Callable[..., Any]:
    """A function whose arguments are looked at.

    Args:
        dtype_at: the place of an argument that is a type.
        leaves_out: whether ``where`` names cells that it does not compute; others reduce over what ``where`` names.
    """

    def call(*arguments: Any, **options: Any) -> Any:
        wanted = None
        if len(arguments) > dtype_at:
            wanted = _type(arguments[dtype_at])
            arguments = (*arguments[:dtype_at], wanted, *arguments[dtype_at + 1 :])
        if options:
            wanted = _look(options) or wanted
            if leaves_out and "where" in options:
                return _computed(function, arguments, options)
        found = function(*arguments, **options)
        return _without_addresses(found) if wanted is not None and wanted.kind == "U" else found

    return call


def _computed(function: Callable[..., Any], arguments: tuple, options: dict[str, Any]) -> Any:
    """The value of a universal function, 0 in the cells that ``where`` leaves out unless ``out`` says otherwise."""
    _look(options)
    # Where ``out`` stands among the arguments it may be None, which is as good as nothing.
    out = options.get("out", arguments[function.nin :] if isinstance(function, np.ufunc) else None)
    outputs = out if isinstance(out, tuple) else (out,)
    given = sum(part is not None for part in outputs)
    if "where" not in options or (given and given == getattr(function, "nout", 1)):
        return function(*arguments, **options)
    if given:
        raise TypeError("with `where`, give every output or none")
    where = np.asarray(options.pop("where"))
    found = function(*arguments, **options)
    return tuple(_kept(part, where) for part in found) if isinstance(found, tuple) else _kept(found, where)


def _kept(found: Any, where: np.ndarray) -> Any:
    # ``where`` takes part in broadcasting, as it does in NumPy.
    return np.where(where.astype(bool), found, np.zeros((), np.asarray(found).dtype))


def _look(options: dict[str, Any]) -> np.dtype | None:
    """Check keywords; the type of numbers among them."""
    for name in ("sig", "signature", "like"):
        if name in options:
            raise TypeError(f"`{name}` is not available; give dtype")
    if options.get("dtype") is not None:
        options["dtype"] = _type(options["dtype"])
        return options["dtype"]
    return None


def _type(wanted: Any) -> np.dtype | None:
    """A type of numbers or text that programs may ask for."""
    if wanted is None:
        return None
    if isinstance(wanted, _Text):
        wanted = str
    if isinstance(wanted, str) and not _TYPE_NAME.fullmatch(wanted):
        raise TypeError(f"the type {wanted!r} is not available; use float, int, bool or str")
    if isinstance(wanted, str | type | np.dtype) and not isinstance(wanted, _Kind):
        found = np.dtype(wanted)
        if found.kind in _NUMBERS_AND_TEXT and found.fields is None:
            return found
    raise TypeError("this type is not available; use float, int, bool or str")


def _without_addresses(found: Any) -> Any:
    """An array of text without the places of objects in memory."""
    if not (isinstance(found, np.ndarray) and any(" at 0x" in text for text in found.flat)):
        return found
    return np.array([_ADDRESS.sub("", text) for text in found.flat]).reshape(found.shape)
