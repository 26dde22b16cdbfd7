"""Everything a program can name: builtins, ``np``, ``math``, and the attributes that may be read of any value.

The policy lets a program write no attribute name that is not listed here. The lists were drawn up type by type: none of
the names leads, on any value a program can hold, to a file, a frame, code, raw memory or another program.
"""

import math
import sys
from typing import Any, NoReturn

import numpy as np

from sandbox.arrays import Ufunc, checked, kind_of, method, ordered, padded, remainder, shown, text_kind
from sandbox.curves_and_weights import curve, weights


class _Frozen(type):
    """A namespace: its class attributes are what it holds, read at full speed and changed by nobody."""

    def __setattr__(cls, name: str, value: object) -> NoReturn:
        raise TypeError(f"{cls.__name__} cannot be changed")

    def __delattr__(cls, name: str) -> NoReturn:
        raise TypeError(f"{cls.__name__} cannot be changed")

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"{cls.__name__} is no function")


def _frozen(name: str, members: dict[str, Any]) -> Any:
    return _Frozen(name, (), {"__slots__": (), **members})


_NUMPY_NAMES = """
abs absolute add all allclose amax amin any append apply_along_axis arange arccos arcsin arctan arctan2 argmax argmin
argpartition argsort argwhere around array array_equal asarray atleast_1d atleast_2d average bincount bitwise_and
bitwise_or bitwise_xor bool bool_ broadcast_arrays broadcast_to cbrt ceil clip column_stack concatenate convolve copy
copysign correlate cos cosh count_nonzero cross cumprod cumsum deg2rad degrees delete diag diag_indices diagflat
diagonal diff digitize divide divmod dot ediff1d einsum equal errstate exp exp2 expand_dims expm1 eye fabs
fill_diagonal finfo fix flatnonzero flip fliplr flipud float16 float32 float64 floor floor_divide fmax fmin fmod
fromfunction fromiter full full_like geomspace gradient greater greater_equal heaviside histogram hstack hypot identity
iinfo in1d indices inner insert int16 int32 int64 int8 int_ interp intersect1d intp invert isclose isfinite isin isinf
isnan isscalar ix_ kron lcm less less_equal lexsort linspace log log10 log1p log2 logaddexp logaddexp2 logical_and
logical_not logical_or logical_xor logspace matmul max maximum mean median meshgrid min minimum mod moveaxis multiply
nan_to_num nanargmax nanargmin nancumsum nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar ndim negative
nonzero not_equal ones ones_like outer pad partition percentile polyfit polyval positive power prod ptp quantile
rad2deg radians ravel reciprocal remainder repeat reshape resize rint roll rollaxis rot90 round searchsorted select
setdiff1d setxor1d shape sign signbit sin sinc sinh size sort split sqrt square squeeze stack std subtract sum swapaxes
take take_along_axis tan tanh tensordot tile trace transpose trapezoid tri tril tril_indices tril_indices_from
trim_zeros triu triu_indices triu_indices_from true_divide trunc
 uint16 uint32 uint64 uint8 union1d unique unravel_index vander var
vdot vstack where zeros zeros_like
""".split()
_NUMPY_CONSTANTS = {"e": np.e, "inf": np.inf, "nan": np.nan, "newaxis": None, "pi": np.pi}
_MATH_NAMES = """
acos asin atan atan2 cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs floor fmod frexp fsum
gcd hypot inf isclose isfinite isinf isnan ldexp lgamma log log10 log1p log2 modf nan pi pow prod radians sin sinh sqrt
tan tanh tau trunc
""".split()


def _guarded(name: str) -> Any:
    value = getattr(np, name)
    if isinstance(value, np.ufunc):
        return Ufunc(value)
    return value if isinstance(value, type) else checked(value, name)


NUMPY = _frozen(
    "np",
    {name: _guarded(name) for name in _NUMPY_NAMES if hasattr(np, name)}
    | _NUMPY_CONSTANTS
    | {
        # Memory as it was left would make results depend on what ran before.
        "empty": checked(np.zeros, "zeros"),
        "empty_like": checked(np.zeros_like, "zeros_like"),
        "pad": checked(padded),
        "argsort": ordered(np.argsort, 2),
        **{kind.__name__: kind_of(kind) for kind in (np.ndarray, np.integer, np.floating, np.number)},
        "linalg": _frozen("np.linalg", {"norm": np.linalg.norm}),
    },
)
MATH = _frozen("math", {name: getattr(math, name) for name in _MATH_NAMES if hasattr(math, name)})
MODULES = {"np": NUMPY, "numpy": NUMPY, "math": MATH}
"""What a program may name without importing it, or import."""
REWRITTEN = {"_numpy": NUMPY, "_math": MATH, "_method": method, "_shown": shown, "_remainder": remainder}
"""What the policy writes in the place of modules, methods and formatting; no program can use these names."""


def _print(*_: object, **__: object) -> None:
    """Printing is accepted and goes nowhere: scores are all a program has to say."""


def _import(name: str, *_: object) -> Any:
    """NumPy looks some of its own modules up when it first needs them, in the name of whoever called it."""
    if name.split(".")[0] != "numpy" or name not in sys.modules:
        raise ImportError(f"{name} cannot be imported")
    return sys.modules[name]


_TEXT = """
capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii isdecimal isdigit isidentifier
islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix
replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper zfill
"""
BUILTINS: dict[str, Any] = {
    value.__name__: value
    for value in (
        abs, all, any, bool, chr, dict, divmod, enumerate, filter, float, frozenset, int, isinstance, iter, len, list,
        map, max, min, next, ord, pow, range, reversed, round, set, slice, sorted, sum, tuple, zip,
        ArithmeticError, AssertionError, AttributeError, Exception, IndexError, KeyError, LookupError, NameError,
        OverflowError, RuntimeError, StopIteration, TypeError, ValueError, ZeroDivisionError,
    )
} | {"print": _print, "str": text_kind(_TEXT.split()), "__import__": _import}  # fmt: skip

_ARRAYS = """
T all any argmax argmin argpartition argsort astype clip copy cumprod cumsum diagonal dot dtype fill flat flatten imag
item max mean min ndim nonzero prod ravel real repeat reshape round searchsorted shape size sort squeeze std sum
swapaxes take tolist trace transpose var
"""
_UFUNCS = "accumulate outer reduce reduceat"
_LIMITS = "bits eps max min tiny"
_CONTAINERS = """
add append clear copy count difference difference_update discard extend fromkeys get index insert intersection
intersection_update isdisjoint issubset issuperset items keys pop popitem remove reverse setdefault sort
symmetric_difference union update values
"""
_NUMBERS = "bit_count bit_length is_integer norm"
VIEW_MEMBERS = frozenset({"text", "previous", "zeros", "is_one_of", "offset", "within", "latest"})
"""What ``query``, ``key`` and ``pair`` have beyond features."""
ATTRIBUTES = frozenset(
    (_ARRAYS + _UFUNCS + " " + _LIMITS + _TEXT + _CONTAINERS + _NUMBERS).split()
) | VIEW_MEMBERS  # fmt: skip
"""Attributes that may be read of any value; those of ``np``, ``math`` and the features come on top."""


def _floored(function: Any, low: float) -> Any:
    return lambda x: function(np.maximum(x, low))


FUNCTIONS: dict[str, Any] = {
    "inf": math.inf,
    "exp": NUMPY.exp,
    "log": _floored(np.log, 1e-6),
    "log1p": lambda x: np.log(np.maximum(np.add(x, 1), 1e-6)),
    "sqrt": _floored(np.sqrt, 1e-12),
    "minimum": NUMPY.minimum,
    "maximum": NUMPY.maximum,
    "clip": NUMPY.clip,
    "where": NUMPY.where,
    "logaddexp": NUMPY.logaddexp,
    "curve": curve,
    "weights": weights,
}
"""What vectorised programs call by these names, so that their formulas mean the same here."""


def members(namespace: Any) -> frozenset[str]:
    """The public names of a frozen namespace."""
    return frozenset(name for name in vars(namespace) if not name.startswith("_"))
