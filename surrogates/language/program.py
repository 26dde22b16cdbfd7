"""What a program is: its source, constants, structure and kind, read from the syntax tree."""

import ast
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

import numpy as np

from sandbox import policy
from sandbox.parsing import MAX_LENGTH, parsed
from sandbox.plain_text import HALVES, command_in, plain
from surrogates.language.backend import Array
from surrogates.language.clusters import NO_CLUSTERS, Clusters, is_cluster
from surrogates.language.compiling import compile_vectorised
from surrogates.language.fitted_calls import FittedCall, classes_in, fitted_calls, is_fitted, literal
from surrogates.language.scripting import as_script
from surrogates.language.structure import structure_of
from surrogates.language.terms import MAX_TERMS, Summands, Term, families_in
from surrogates.language.text_pattern import TextPattern
from surrogates.language.validation import RESERVED, Problem, Reason, Validator
from surrogates.language.values import Values
from surrogates.language.vocabulary import PAIR_FEATURES, token_feature

Kind = Literal["vectorised", "scripted"]
_SIDES = ("query", "key", "pair")
MAX_NODES = 4_000
"""Largest syntax tree of a source. With what follows it bounds the time and the memory that fitting takes."""
MAX_CONSTANTS = 64
"""Most parameters with a default."""
MAX_VALUES = 960
"""Most values in curves and word weights."""
_TOLD = 8
"""Problems that a refusal tells one by one."""
MAX_DEPTH = 100
"""Deepest nesting of a source's syntax tree: an explanation needs far less, and deeper ones exhaust Python's stack."""
_SCRIPT_NODES = (
    ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.Lambda, ast.Import, ast.ImportFrom,
    ast.Subscript, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.List, ast.Dict, ast.Set, ast.Tuple,
    ast.JoinedStr,
)  # fmt: skip
_SCRIPT_NAMES = {"len", "range", "enumerate", "zip", "np", "numpy", "math", "sorted", "sum", "any", "all", "max", "min"}
_SCRIPT_ATTRIBUTES = {"text", "zeros"}


class ProgramRefused(ValueError):  # noqa: N818 - a verdict, not a mistake of ours
    """The source is no program.

    Attributes:
        problems: what is wrong, each with its line, reason and what to write instead.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
        super().__init__("; ".join([*map(str, problems[:_TOLD]), *more]))


@dataclass(frozen=True, eq=False)
class Program:
    """A parsed program. Make one with :meth:`parse`; equal sources are equal programs.

    Attributes:
        constants: what fitting changes: the parameters, then the values of curves and word weights as they stand.
        nodes: size of the syntax tree, helper functions included, signature and docstring aside.
        literals: numbers and strings written in it, defaults included, docstrings aside.
        features: side and name of the features that it names, those with arguments aside.
        families: of all features that it names, in alphabetical order, ``text`` among them where it reads the tokens'
            strings itself.
        clusters: of the words of the run that it comes from; none where it was parsed alone.
    """

    source: str
    name: str
    hypothesis: str
    kind: Kind
    constants: dict[str, float]
    structure: str = field(repr=False)
    nodes: int
    literals: int
    features: frozenset[tuple[str, str]] = field(repr=False)
    families: tuple[str, ...]
    _function: ast.FunctionDef = field(repr=False)
    _calls: tuple[FittedCall, ...] = field(repr=False)
    _validator: Validator | None = field(repr=False)
    clusters: Clusters = field(default=NO_CLUSTERS, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __reduce__(self) -> tuple[Callable[[str, Clusters], "Program"], tuple[str, Clusters]]:
        return _with_clusters, (self.source, self.clusters)

    @classmethod
    def parse(cls, source: str) -> "Program":
        """Read a program's source.

        Raises:
            ProgramRefused: it has a syntax error or departs from the contract.
        """
        source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        unreadable = _unreadable(source)
        if unreadable is not None:
            raise ProgramRefused([unreadable])
        try:
            tree = parsed(source)
        except SyntaxError as error:
            raise ProgramRefused([Problem(error.lineno or 1, Reason.SYNTAX, f"syntax error: {error.msg}")]) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ProgramRefused([Problem(1, Reason.SYNTAX, f"cannot be parsed: {error}")]) from None
        # Walking through a tree takes most of the time, so it is done once for all who look for something in it.
        nodes = _nodes(tree)
        function = _main_function(tree)
        body = list(_body(tree, function))
        scripted = len(tree.body) > 1 or _is_scripted(function, [*ast.walk(function.body[0]), *body])
        constants, problems = _signature(function)
        hypothesis = plain(ast.get_docstring(function) or "").strip()
        if not hypothesis:
            problems.append(
                Problem(function.lineno, Reason.DOCSTRING, "state the hypothesis in a docstring of one or two lines")
            )
        validator = None
        features = _features(nodes)
        families = families_in(nodes)
        if scripted:
            problems += _policy_problems(source, features)
            if any(isinstance(node, ast.Attribute) and node.attr == "text" for node in nodes):
                families = tuple(sorted({*families, "text"}))
        else:
            validator = Validator(set(constants), line=function.lineno)
            validator.body(function.body[1:] if hypothesis else function.body)
            problems += validator.problems
        calls = [] if scripted or problems else fitted_calls(body)
        values = {name: value for call in calls for name, value in call.values.items()}
        if len(values) > MAX_VALUES:
            message = f"there are {len(values)} values in curves and weights; write at most {MAX_VALUES}"
            problems.append(Problem(function.lineno, Reason.SIZE, message))
        if not scripted and not problems and len(Summands(function).found) > MAX_TERMS:
            problems.append(Problem(function.lineno, Reason.SIZE, f"more than {MAX_TERMS} terms; write fewer"))
        if problems:
            raise ProgramRefused(sorted(problems, key=lambda problem: problem.line))
        return cls(
            source=source.strip() + "\n",
            name=function.name,
            hypothesis=" ".join(hypothesis.split()),
            kind="scripted" if scripted else "vectorised",
            constants=constants | {name: literal(value) or 0.0 for name, value in values.items()},
            structure=structure_of(tree, function, frozenset(values.values())),
            nodes=len(body),
            literals=_literals([*body, *(node for default in function.args.defaults for node in ast.walk(default))]),
            features=features,
            families=families,
            _function=function,
            _calls=tuple(calls),
            _validator=validator,
        )

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The summands of what a vectorised program returns; none of a scripted one."""
        return () if self.kind == "scripted" else Summands(self._function).terms(self.constants)

    @property
    def cluster_names(self) -> frozenset[str]:
        """The clusters of words that it names."""
        return frozenset(name for _, name in self.features if is_cluster(name))

    @property
    def parts(self) -> int:
        """How many summands there are; a scripted program is one part."""
        return 1 if self.kind == "scripted" else len(Summands(self._function).found)

    @cached_property
    def values(self) -> Values:
        """Its constants, as the compiled function takes them."""
        return Values(self.constants, self._calls)

    @cached_property
    def compiled(self) -> dict[str, Callable[..., Array]]:
        """Of a vectorised program: backend name -> ``f(query, key, pair, values)``.

        Raises:
            TypeError: the program is scripted; those run only in the sandbox.
        """
        if self._validator is None:
            raise TypeError(f"{self.name} is scripted; it runs only in the sandbox")
        return compile_vectorised(self._function, self._validator.types, self._calls)

    def as_script(self, name: str) -> str:
        """The source of a function of a scripted program that gives what this vectorised one does.

        It takes the parameters without their defaults; the values in curves and word weights stay as they are.
        """
        assert self._validator is not None
        return ast.unparse(as_script(self._function, self._validator.types, name)) + "\n"

    def pattern(
        self, text: str, tokenizer: Any, *, causal: bool = True, embeddings: Array | None = None
    ) -> TextPattern:
        """The program's pattern on a text, as far as that needs no model.

        The tokens are the tokenizer's: no beginning-of-text token is put in front, and nothing limits what is seen.
        :meth:`synth.run.Run.patterns` has both as the model has them.

        Args:
            tokenizer: a Hugging Face tokenizer.
            causal: whether queries see only keys at or before them, as in a decoder.
            embeddings: the model's input embeddings, shape (vocabulary, width), which ``similarity`` compares.

        Raises:
            InputError: the text has no tokens, or the program needs embeddings.
            ProgramFailed: the program fails on the text.
        """
        from surrogates.language.patterns import pattern_on_text  # which is made of programs itself

        return pattern_on_text(self, text, tokenizer, causal=causal, embeddings=embeddings)

    def with_constants(self, values: Mapping[str, float]) -> "Program":
        """The same source with other values of constants; layout, comments and clusters stay."""
        text = self.source.encode()
        # Python's own idea of a line: str.splitlines also breaks at form feeds and the like.
        lines = [0, *accumulate(len(line.encode()) for line in io.StringIO(self.source, newline=""))]
        again = Program.parse(self.source)
        arguments = again._function.args
        named = [(argument.arg, node) for argument, node in zip(arguments.args[3:], arguments.defaults, strict=True)]
        named += [pair for call in again._calls for pair in call.values.items()]
        changed = []
        for name, node in named:
            if name in values:
                assert node.end_lineno is not None and node.end_col_offset is not None
                start, end = lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset
                changed.append((start, end, format_constant(values[name]).encode()))
        for start, end, written in sorted(changed, reverse=True):
            text = text[:start] + written + text[end:]
        return _with_clusters(text.decode(), self.clusters)


def _with_clusters(source: str, clusters: Clusters) -> Program:
    program = Program.parse(source)
    return replace(program, clusters=clusters) if clusters.names else program


def _unreadable(source: str) -> Problem | None:
    """What keeps a source from being parsed at all, and from being shown as it is: its length, or a character."""
    if len(source) > MAX_LENGTH:
        message = f"the source has {len(source):,} characters, over {MAX_LENGTH:,}; write a shorter program"
        return Problem(1, Reason.SIZE, message)
    found = command_in(source) or HALVES.search(source)
    if found is None:
        return None
    code = f"U+{ord(found[0]):04X}"
    what = f"half of a character ({code}); leave it out" if HALVES.match(found[0]) else (
        f"a character that commands a terminal ({code}); write it as an escape in a string, or leave it out"
    )  # fmt: skip
    return Problem(source.count("\n", 0, found.start()) + 1, Reason.SYNTAX, f"the source holds {what}")


def _main_function(tree: ast.Module) -> ast.FunctionDef:
    """The function that is the program: the last one that takes query, key and pair, or else the last one."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not functions:
        raise ProgramRefused([Problem(1, Reason.SIGNATURE, "write one function: def attend(query, key, pair): …")])
    fitting = [f for f in functions if tuple(argument.arg for argument in f.args.args[:3]) == _SIDES]
    return (fitting or functions)[-1]


def _features(nodes: Sequence[ast.AST]) -> frozenset[tuple[str, str]]:
    """Side and name of every feature without an argument that a scripted program may ask for."""
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | classes_in(nodes)
    sides = (("token", token_feature), ("pair", PAIR_FEATURES.get))
    return frozenset(
        (side, name)
        for side, feature_of in sides
        for name in named
        if (feature := feature_of(name)) and feature.argument is None
    )


def _policy_problems(source: str, features: frozenset[tuple[str, str]]) -> list[Problem]:
    try:
        policy.check(source, frozenset(name for _, name in features))
    except policy.Refused as error:
        return [Problem(refusal.line, Reason.POLICY, refusal.message) for refusal in error.refusals]
    return []


def format_constant(value: float) -> str:
    """A number as a person writes it: no exponent where it can be helped, shortest digits that read back the same."""
    if not math.isfinite(value):
        raise ValueError("a constant must be finite")
    text = np.format_float_positional(value, trim="0")
    return "0.0" if float(text) == 0 else text


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """All nodes of a source's tree.

    Raises:
        ProgramRefused: something in it is too large: their number, deep nesting, whole numbers beyond any score.
    """
    found: list[ast.AST] = []
    excess: Problem | None = None
    level: list[tuple[ast.AST, int]] = [(tree, 1)]
    depth = 0
    while level and len(found) <= MAX_NODES:
        for node, line in level:
            found.append(node)
            if isinstance(node, ast.Constant) and type(node.value) is int and node.value.bit_length() > 100:
                excess = excess or Problem(line, Reason.EXPRESSION, "numbers above 1e30 are not available; write inf")
        depth += 1
        level = [
            (child, getattr(child, "lineno", line)) for node, line in level for child in ast.iter_child_nodes(node)
        ]
        if depth == MAX_DEPTH and level:
            message = f"nested more than {MAX_DEPTH} deep; put parts in local names"
            excess = excess or Problem(level[0][1], Reason.EXPRESSION, message)
    if len(found) > MAX_NODES:
        message = f"the syntax tree has over {MAX_NODES:,} nodes; write a shorter program"
        excess = Problem(1, Reason.SIZE, message)
    if excess is not None:
        raise ProgramRefused([excess])
    return found


def _is_scripted(function: ast.FunctionDef, nodes: Sequence[ast.AST]) -> bool:
    """Whether a function is scripted, given all nodes of its body."""
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = {argument.arg for argument in function.args.args} | stored
    calls = [node for node in nodes if isinstance(node, ast.Call) and is_fitted(node)]
    given = {node for call in calls for node in (*call.args, *(keyword.value for keyword in call.keywords))}
    names = _SCRIPT_NAMES - own
    for node in nodes:
        # The dictionary of a curve or of word weights holds their values, and no script.
        if isinstance(node, _SCRIPT_NODES) and not (isinstance(node, ast.Dict) and node in given):
            return True
        if isinstance(node, ast.Name) and node.id in names:
            return True
        if isinstance(node, ast.Attribute) and node.attr in _SCRIPT_ATTRIBUTES:
            return True
    return False


def _signature(function: ast.FunctionDef) -> tuple[dict[str, float], list[Problem]]:
    """Constants with their values, and what is wrong with the parameters."""
    arguments = function.args
    wrong: list[Problem] = []

    def report(message: str, node: ast.AST = function) -> None:
        wrong.append(Problem(getattr(node, "lineno", function.lineno), Reason.SIGNATURE, message))

    if function.decorator_list:
        report("drop the decorator")
    if arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        report("parameters are query, key, pair and constants with a default; drop `/`, `*` and `**`")
    names = [argument.arg for argument in arguments.args]
    if tuple(names[:3]) != _SIDES:
        report("the first three parameters are query, key, pair, in this order")
        return {}, wrong
    if len(arguments.defaults) != len(names) - 3:
        report("every further parameter is a constant and needs a numeric default")
        return {}, wrong
    if len(arguments.defaults) > MAX_CONSTANTS:
        report(f"there are {len(arguments.defaults)} constants; write at most {MAX_CONSTANTS}")
        return {}, wrong
    constants = {}
    for argument, default in zip(arguments.args[3:], arguments.defaults, strict=True):
        value = literal(default)
        if value is None:
            report(f"the default of `{argument.arg}` must be a number", default)
        elif argument.arg in constants:
            report(f"`{argument.arg}` stands twice among the parameters", argument)
        elif argument.arg in RESERVED or argument.arg.startswith("_"):
            report(f"`{argument.arg}` cannot name a constant; choose another name", argument)
        else:
            constants[argument.arg] = value
    return constants, wrong


def _body(tree: ast.Module, function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Every node of a source, its signature and docstring aside."""
    for part in (*tree.body, *function.body[1:]):
        if part is not function:
            yield from ast.walk(part)


def _literals(nodes: Sequence[ast.AST]) -> int:
    documented = [node for node in nodes if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None]
    written = [
        node for node in nodes if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex, str)
    ]
    return len(written) - len(documented)
