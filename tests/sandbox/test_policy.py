"""What the policy takes, what it refuses, and in which words."""

import pytest

from sandbox import policy
from sandbox.namespace import ATTRIBUTES, MATH, NUMPY, members
from sandbox.pool import Pool
from sandbox.verdicts import Verdict
from tests.sandbox.running import body, call, text

FEATURES = frozenset({"is_comma", "length", "distance"})


@pytest.mark.parametrize(
    "source",
    [
        body("s = pair.zeros()\nfor i in range(8):\n    s[i, i] += 1\n    s[i] *= 2\nreturn s"),
        body("s: np.ndarray = pair.zeros()\nn: int\nreturn s"),
        "from __future__ import annotations\nfrom typing import List, Tuple\nimport typing\nimport numpy as np\n"
        "import math\nfrom math import exp, log as ln\nimport numpy as xp\n"
        "def helper(x: List[Unknown], y: float = 1.0) -> Tuple[int, ...]:\n    return ln(exp(x)) * xp.sqrt(y)\n"
        "def attend(query, key, pair):\n    return helper(1.0) * math.pi * np.ones((8, 8))\n",
        "def _private(x, _hidden=1):\n    return x + _hidden\n" + body("return _private(1, _hidden=2) + pair.zeros()"),
        body("def inner():\n    import math\n    return math.exp(0)\nreturn inner()"),
        body("count = 0\ndef more():\n    nonlocal count\n    count += 1\nmore()\nreturn count"),
        body(
            "a, (b, *c) = 1, (2, 3)\nreturn sum(x for x, _ in enumerate([a, b, *c])) + len({k: v for k, v in [(1, 2)]})"
        ),
        body("if (n := len(query)) > 3:\n    return n\nreturn 0"),
        body("try:\n    return query.text[99]\nexcept (IndexError, KeyError) as error:\n    return len(str(error))"),
        body("f = lambda *a, **k: len(a) + len(k)\nreturn f(1, *[2], x=3, **{'y': 4})"),
        body("with np.errstate(divide='ignore'):\n    return np.ones(8) / 1"),
        body("print('hello')\nassert len(query) == 8\nreturn f'{len(query):>4}'.count('8')"),
        body("x = [1, 2]\ndel x[0]\nreturn x[-1] if x and not None else 0"),
        body("return log(exp(pair.distance)) + where(pair.distance > 0, minimum(1, sqrt(4.0)), 1 if inf > 0 else 0)"),
        body("return pair.zeros()[..., None].sum(axis=-1)"),
    ],
)
def test_what_language_models_write_runs(source: str) -> None:
    with Pool(1) as pool:
        (outcome,) = pool.map([call(source)])
    assert outcome.verdict is Verdict.OK, outcome.reason


def test_an_item_that_is_added_to_is_looked_up_once() -> None:
    source = body(
        "taken = [0]\ndef place():\n    taken[0] += 1\n    return taken[0]\ns = np.zeros(8)\ns[place()] += 5\nreturn s"
    )
    with Pool(1) as pool:
        (outcome,) = pool.map([call(source)])
    assert outcome.scores is not None, outcome
    assert outcome.scores[0].tolist() == [0, 5, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ("import os\nreturn 0", 2, "`os` cannot be imported; only numpy and math are here"),
        ("from os import path\nreturn 0", 2, "`os` cannot be imported"),
        ("from numpy import *\nreturn 0", 2, "write numpy.sqrt and the like"),
        ("from numpy import load\nreturn 0", 2, "`numpy.load` is not available"),
        ("x = 1\nreturn eval('x')", 3, "the name `eval` is not available; write the expression itself"),
        ("return getattr(query, 'text')", 2, "name the attribute itself"),
        ("return query.__class__", 2, "the attribute `.__class__` is not available"),
        ("return '{}'.format(1)", 2, "write an f-string"),
        ("return np.random.rand()", 2, "the same text must give the same scores"),
        ("return np.linalg.svd(pair.zeros())", 2, "`.svd` is not available"),
        ("key.is_comma = 1\nreturn 0", 2, "attributes cannot be set"),
        ("np.zeros = None\nreturn 0", 2, "attributes cannot be set"),
        ("class A:\n    pass\nreturn 0", 2, "write functions"),
        ("yield 1", 2, "collect the values in a list"),
        ("match query:\n    case _:\n        return 0", 2, "write if and elif"),
        ("@abs\ndef f():\n    pass\nreturn 0", 2, "decorators are not available"),
        ("async def f():\n    pass\nreturn 0", 2, "write a plain function"),
        ("return b'x'", 2, "write a str"),
        ("_getattr_ = 1\nreturn 0", 2, "the name `_getattr_` is not available"),
        ("return __builtins__", 2, "the name `__builtins__` is not available"),
        ("try:\n    pass\nexcept* ValueError:\n    pass\nreturn 0", 2, "write except"),
    ],
)
def test_a_refusal_says_the_line_and_what_to_write(lines: str, line: int, message: str) -> None:
    with pytest.raises(policy.Refused) as refused:
        policy.check(body(lines), FEATURES)
    assert any(found.line == line and message in found.message for found in refused.value.refusals), str(refused.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(:\n", "syntax error"),
        ("x" * 200_000, "write a shorter program"),
        ("x = " + "(" * 5000 + ")" * 5000, "line 1: "),
        ("x = " + "-" * 39_000 + "1", "cannot be read"),
        ("x = '\x00'", "line 1: "),
    ],
)
def test_what_cannot_be_read_is_refused(source: str, message: str) -> None:
    with pytest.raises(policy.Refused, match=message):
        policy.check(source, FEATURES)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(policy.Refused) as refused:
        policy.check(body("import os\nx = open('y')\nreturn x.read()"), FEATURES)
    assert [found.line for found in refused.value.refusals] == [2, 3, 4]


def test_no_listed_attribute_is_private_and_the_namespaces_are_frozen() -> None:
    for name in (*ATTRIBUTES, *members(NUMPY), *members(MATH)):
        assert not name.startswith("_")
    for namespace in (NUMPY, MATH):
        with pytest.raises(TypeError):
            namespace.exp = None
        with pytest.raises(TypeError):
            del namespace.exp
        with pytest.raises(TypeError):
            namespace()


DANGEROUS = {
    "base", "byteswap", "ctypes", "data", "dump", "dumps", "getfield", "setfield", "setflags", "tobytes", "tofile",
    "view",
    "format", "format_map", "encode", "gi_frame", "gi_code", "cr_frame", "f_back", "f_globals", "f_locals", "tb_frame",
    "tb_next", "obj", "args", "with_traceback", "add_note", "name", "mro", "send", "throw", "type", "fields", "save",
    "load", "memmap", "fromfile", "frombuffer", "genfromtxt", "vectorize", "frompyfunc", "testing", "f2py", "ctypeslib",
    "lib", "seterr", "seterrcall", "set_printoptions", "random", "put", "copyto", "place", "putmask", "ndarray_type",
}  # fmt: skip


def test_what_leads_out_is_in_no_list() -> None:
    assert not DANGEROUS & (ATTRIBUTES | members(NUMPY) | members(MATH))


def test_what_a_numpy_function_looks_up_late_can_be_looked_up() -> None:
    source = body(
        "return np.tril(np.median(pair.distance) + np.where(pair.distance > 0, 1, 0) + np.percentile([1.0], 5))"
    )
    with Pool(1) as pool:
        (outcome,) = pool.map([call(source, text(8))])
    assert outcome.verdict is Verdict.OK, outcome.reason
