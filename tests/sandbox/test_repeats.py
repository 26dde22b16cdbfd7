"""A program gives on a text what its source says, whatever memory held before, whatever the time, wherever it runs."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from sandbox.arrays import METHODS, Ufunc, method
from sandbox.namespace import ATTRIBUTES, FUNCTIONS, NUMPY, members
from sandbox.pool import Pool
from sandbox.verdicts import Outcome, Verdict
from tests.sandbox.running import body, call, text

SOIL = "for size in (4, 8, 24, 576):\n    rubbish = [np.full((24, size), 1e30 + i) for i in range(50)]\n"
"""Leaves memory full of a number that nothing computes."""


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[Pool, Pool]]:
    """Two servers, whose memory is laid out differently."""
    with Pool(1) as one, Pool(1) as other:
        yield one, other


def outcomes(pools: tuple[Pool, Pool], lines: str) -> tuple[Outcome, Outcome]:
    found = [next(iter(pool.map([call(body(lines), text(24))]))) for pool in pools]
    return found[0], found[1]


@pytest.mark.parametrize(
    "expression",
    [
        "np.divide(1.0, pair.distance, where=pair.distance > 0.5)",
        "np.divide(pair.distance, pair.distance, None, where=pair.distance > 0.5)",
        "np.divide(1.0, pair.distance, **{'where': pair.distance > 0.5})",
        "np.divide(1.0, pair.distance, out=None, where=pair.distance > 0.5)",
        "np.exp(pair.distance, where=pair.distance > 0.5)",
        "exp(pair.distance, where=pair.distance > 0.5)",
        "minimum(pair.distance, 0.5, where=pair.distance > 0.5)",
        "clip(pair.distance, 0, 1, where=pair.distance > 0.5)",
        "np.clip(pair.distance, 0, 1, where=pair.distance > 0.5)",
        "pair.distance.clip(0, 1, where=pair.distance > 0.5)",
        "np.multiply.outer(query.is_comma, key.is_comma, where=pair.distance > 0.5)",
        "np.divmod(pair.distance, 0.3, where=pair.distance > 0.5)[0]",
        "np.add(pair.distance, 1, where=False)",
        "list(map(lambda f: f(pair.distance, where=pair.distance > 0.5), [np.sqrt]))[0]",
        "np.divmod(pair.distance, 0.3, None, None, where=pair.distance > 0.5)[1]",
        "np.divmod(pair.distance, 0.3, out=(None, None), where=pair.distance > 0.5)[1]",
        "np.empty((24, 24))",
        "np.empty_like(pair.distance)",
    ],
)
def test_what_is_not_computed_is_zero(pools: tuple[Pool, Pool], expression: str) -> None:
    first, second = outcomes(pools, f"{SOIL}return {expression}")
    assert first.scores is not None, first
    np.testing.assert_array_equal(first.scores, second.scores)
    left_out = text(24).feature("pair", "distance") <= 0.5
    assert (first.scores[left_out] == 0).all()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("np.divide(1.0, 2.0, where=True)", 0.5),
        ("np.divide(1.0, 2.0, out=np.full((), 7.0), where=False)", 7.0),
        ("np.sum(np.ones(4), where=np.array([True, False, True, True]))", 3.0),
        ("np.ones(4).mean(where=np.array([True, False, True, True]))", 1.0),
        ("np.add.reduce(np.arange(4), dtype=float)", 6.0),
        ("np.maximum.accumulate([1, 5, 2])[-1]", 5.0),
        ("np.add.reduceat(np.arange(4), [0, 2])[1]", 5.0),
        ("np.array([1, 2], dtype='int32').astype(np.float64).astype(int).sum(dtype=float)", 3.0),
        ("np.array([1, 2], dtype=str).astype('float32').cumsum(dtype='f8')[1]", 3.0),
        ("np.array(['1', 'x'])[0:1].astype(int)[0]", 1.0),
        ("np.zeros(3, 'i4').astype(bool).sum() + len(np.array(list('ab'), 'U3'))", 2.0),
        ("float(f'{3.14159:.2f}') + len(f'{7!r}') + len(str(12)) + int('%d' % 5) + int('%s%s' % (1, 2))", 23.14),
        ("isinstance('x', str) + isinstance(3, (str, int)) + isinstance(3, str) + len(''.join(map(str, [1, 2])))", 4.0),
        ("len(str.upper('ab')) + len(sorted(['b', 'A'], key=str.lower)) + len(f'{[1, 2]}') + len(f'{None}')", 14.0),
        ("np.pad(np.ones(2), 1, 'edge').sum() + np.pad(np.ones(2), 1).sum()", 6.0),
        ("float(f'{key.is_comma.max():.2f}') + float(f'{np.asarray(1.5):.1f}')", 2.5),
        ("isinstance(key.is_comma, np.ndarray) + isinstance(np.int64(1), (np.integer, str))", 2.0),
        ("isinstance(1, np.number) + isinstance(np.float32(1), np.floating)", 1.0),
        ("len(f'{1 + 2j:.2f}') + np.zeros(2, 'intc').sum() + len(np.array([1], 'long'))", 11.0),
        ("sum(np.argsort(np.zeros(40)) == np.arange(40)) + sum(np.zeros(40).argsort() == np.arange(40))", 80.0),
        ("sum(np.zeros(40).argsort(-1, 'quicksort') == np.argsort(np.zeros(40), -1, 'heapsort'))", 40.0),
        ("sum(np.zeros(40).argsort(kind=None) == np.argsort(np.zeros(40), stable=True))", 40.0),
        ("np.array([3, 1, 2]).argsort(axis=0)[0] + np.argsort([[3, 1, 2]], axis=1)[0, 2]", 1.0),
        ("7 % 4 + np.float32(5) % np.float32(3)", 5.0),
    ],
)
def test_what_is_common_works(pools: tuple[Pool, Pool], expression: str, expected: float) -> None:
    first, _ = outcomes(pools, f"return {expression}")
    assert first.scores is not None, first
    np.testing.assert_allclose(first.scores, expected, rtol=1e-6)


CLOCKS = [
    "np.array('now', 'M8[us]')",
    "np.array('now', dtype='datetime64[us]')",
    "np.array('now', 'M' + '8[us]')",
    "np.array(['now']).astype('M8[us]')",
    "list(map(np.array(['now']).astype, ['M8[us]']))[0]",
    "np.array(['now']).astype(*['M8[us]'])",
    "np.array(['now']).astype(**{'dtype': 'M8[us]'})",
    "np.array([('now', 1)], dtype=[('a', 'M8[us]'), ('b', int)])",
    "np.array('now', dtype=('M8[us]', 1))",
    "np.zeros(1, 'i4,M8[us]')",
    "np.array([('now',)], dtype={'names': ['a'], 'formats': ['M8[us]']})",
    "np.full(1, 'now', 'M8[us]')",
    "np.full_like(np.array(['now']), 'now', dtype='M8[us]')",
    "np.fromiter(['now'], 'M8[us]')",
    "np.asarray('now', 'M8[us]')",
    "np.maximum.reduce(np.array(['now']), dtype='M8[us]')",
    "np.maximum.reduce(np.array(['now']), 0, 'M8[us]')",
    "np.maximum(np.array(['now']), 'today', dtype='M8[us]', casting='unsafe')",
    "np.maximum(np.array(['now']), 'today', signature='MM->M', casting='unsafe')",
    "np.concatenate([np.array(['now'])], dtype='M8[us]', casting='unsafe')",
    "np.apply_along_axis(np.array, 0, np.array(['now']), dtype='M8[us]')",
    "np.array(['now']).sum(dtype='M8[us]')",
    "np.zeros(4, 'V8')",
    "np.zeros(4, 'S8')",
    "np.ndarray((24, 24))",
    "np.ndarray[0]((24, 24))",
    "[*np.ndarray][0]((1,), 'datetime64[us]')",
    "np.number(3)",
    "np.zeros(3, np.number)",
    "np.array([1, 2], dtype=np.integer)",
    "np.float64.astype(np.float64(3), 'M8[us]')",
    "np.float32.clip(np.float32(1), 0, np.ones((24, 24), 'f4'), where=np.zeros((24, 24), bool))",
    "np.divmod(pair.distance, 0.3, out=(pair.zeros(), None), where=pair.distance > 0.5)[1]",
    "np.integer[0]",
    "np.pad(pair.distance, 1, mode='empty')[:24, :24]",
    "np.pad(pair.distance, 1, 'em' + 'pty')[:24, :24]",
]


@pytest.mark.parametrize("expression", CLOCKS)
def test_clocks_raw_memory_and_bytes_are_out_of_reach(pools: tuple[Pool, Pool], expression: str) -> None:
    for outcome in outcomes(pools, f"x = {expression}\nreturn float(len(str(x)))"):
        assert outcome.verdict is Verdict.RAISED, outcome
        assert re.search(
            "not available|mode='empty'|makes no arrays|subscriptable|iterable|every output", outcome.reason
        )


@pytest.mark.parametrize(
    "shown",
    [
        "f'{query}'", "f'{pair!r}'", "f'{attend!s}'", "f'{attend!a}'", "f'{[attend]}'", "str(attend)", "str(query)",
        "'%s' % attend", "'%s %s' % (attend, query)", "'%r' % [attend]", "''.join(map(str, [attend, len, [].append]))",
        "f'{np.exp}' + f'{map(str, [])}'", "str(x for x in [1])", "np.array([attend], dtype=str)[0]",
        "np.array([attend]).astype(str)[0]", "np.full(2, attend, str)[0]",
        "[a for a in [np.array(['x' * 90])] if a.fill(attend) is None][0][0]", "(lambda form: form % attend)('%s')",
    ],
)  # fmt: skip
def test_where_an_object_lies_is_not_shown(pools: tuple[Pool, Pool], shown: str) -> None:
    first, second = outcomes(pools, f"return float(sum(ord(c) * (i + 1) for i, c in enumerate({shown})))")
    assert first.scores is not None, first
    np.testing.assert_array_equal(first.scores, second.scores)


@pytest.mark.parametrize(
    "lines",
    [
        "pairs = {(a, b) for a, b in zip((None,) + query.text, query.text)}",
        "pairs = frozenset((t, x or None) for x, t in enumerate(query.text))",
        "pairs = {t if t > 'b' else None for t in query.text}",
    ],
)
def test_a_set_has_an_order_of_its_own(lines: str) -> None:
    """None's hash is where it lies in memory, before Python 3.12."""
    read = (
        "place = {p: i for i, p in enumerate(pairs)}\nreturn float(sum(i * i * len(str(p)) for p, i in place.items()))"
    )
    found = []
    for _ in range(4):
        with Pool(1) as pool:
            (outcome,) = pool.map([call(body(f"{lines}\n{read}"), text(24))])
        assert outcome.scores is not None, outcome
        found.append(outcome.scores[0, 0])
    assert len(set(found)) == 1


def test_the_memory_of_a_run_is_free_for_the_next() -> None:
    kept = "KEPT = []\n" + body("KEPT.append(np.ones(60_000_000))\nreturn 1")
    circle = body(
        "def again(n):\n    return again(n - 1) if n else len(big)\nbig = np.ones(60_000_000)\nreturn again(2)"
    )
    with Pool(1) as pool:
        for source in (kept, circle):
            verdicts = [outcome.verdict for outcome in pool.map(call(source, text(4, seed)) for seed in range(8))]
            assert verdicts == [Verdict.OK] * 8


def test_latest_sees_what_a_mask_has_become(pools: tuple[Pool, Pool]) -> None:
    lines = (
        "m = np.zeros(24)\nr = np.broadcast_to(m, (24, 24))\nx = pair.latest(r)\nm[3] = 1\nreturn pair.latest(r) - x"
    )
    first, _ = outcomes(pools, lines)
    assert first.scores is not None, first
    assert (first.scores[3:, 3] == 1).all()


def test_a_remainder_may_be_assigned(pools: tuple[Pool, Pool]) -> None:
    first, _ = outcomes(pools, "n = len(query)\nx = 100\nx %= n\ny = [50]\ny[0] %= n\nreturn x + y[0]")
    assert first.scores is not None, first
    assert (first.scores == 100 % 24 + 50 % 24).all()


def _numpy_functions() -> dict[str, Callable[..., Any]]:
    found = {name: getattr(NUMPY, name) for name in sorted(members(NUMPY))}
    parts = {f"{n}.{p}": getattr(f, p) for n, f in found.items() if isinstance(f, Ufunc) for p in PARTS}
    return {name: f for name, f in (found | parts | FUNCTIONS).items() if callable(f)}


DIAGONAL = ([0, 1], [0, 1])
PARTS = ("outer", "reduce", "accumulate", "reduceat")


def test_no_function_makes_a_date_or_raw_memory() -> None:
    """Every function with a date's type in every place: what comes back are numbers and text."""
    words = np.array(["now", "today"])
    for name, function in _numpy_functions().items():
        for leading in (["now"], [words], [words, words], [2], [(2,), "now"], [1, 2], [1, 2, 3], [words, 0]):
            for filler in range(5):
                _must_not_be_raw(name, function, [*leading, *[None] * filler, "M8[us]"], {})
            for option in ("dtype", "signature", "sig", "casting"):
                options = {option: "M8[us]"} if option != "casting" else {option: "unsafe", "dtype": "M8[us]"}
                _must_not_be_raw(name, function, leading, options)
    for name in METHODS:
        for filler in range(5):
            _must_not_be_raw(name, method(words, name), [*[None] * filler, "M8[us]"], {})
        _must_not_be_raw(name, method(words, name), [], {"dtype": "M8[us]"})


def _must_not_be_raw(name: str, function: Callable[..., Any], arguments: list, options: dict) -> None:
    found: Any = None
    with suppress(Exception):
        found = function(*arguments, **options)
    for part in found if isinstance(found, tuple | list) else [found]:
        if isinstance(part, np.ndarray | np.generic):
            assert part.dtype.kind in "biufcUO", (name, arguments, options)


def test_no_function_writes_to_what_is_read_only() -> None:
    """Every function and method on a feature that is read-only, as argument and as ``out``."""
    changed = set()
    kept = np.random.default_rng(0).random((4, 4)).astype(np.float32)
    for name, function in {**_numpy_functions(), **_methods()}.items():
        for places, option in itertools.product(range(1, 4), ("", "out", "copy", "where", "x", "a", "overwrite_input")):
            feature = kept.copy()
            feature.flags.writeable = False
            arguments = [feature, np.full((4, 4), 0.5, np.float32), np.full((4, 4), 2, np.float32)][:places]
            options: dict[str, Any] = {option: False if option == "copy" else feature} if option else {}
            ways = (
                arguments,
                arguments[::-1],
                [*arguments, feature],
                [feature, DIAGONAL, np.float32(7)],
                [feature, DIAGONAL],
            )
            for given in ways:
                with suppress(Exception):
                    function(*given, **options)
            if not np.array_equal(feature, kept):
                changed.add(name)
    assert changed == set()


def _methods() -> dict[str, Callable[..., Any]]:
    named = sorted(ATTRIBUTES & set(dir(np.ndarray)))

    def bound(name: str) -> Callable[..., Any]:
        return lambda array, *given, **options: getattr(array, name)(*given, **options)

    return {f"array.{name}": bound(name) for name in named}
