"""What a scripted program may say, decided on its syntax tree before any of it runs.

RestrictedPython's closed list of syntax is the ground. Its guards would be called at run time, several in every turn of
a loop; here what they guard is settled beforehand instead. Attribute names are literals, so a closed list of them
decides what can be reached of any value; items, iteration and unpacking are left as they are, since no value that can
be reached gives more through them than its contents; and what must not be written to is read-only.

What is allowed of ``np`` and ``math`` alone is read from them whatever their names stand for when it runs: such an
attribute is rewritten to one of the module under a name that no program can use, and their names cannot be bound.
"""

import ast
import warnings
from dataclasses import dataclass
from types import CodeType

from RestrictedPython import RestrictingNodeTransformer

from sandbox.arrays import HARMLESS, METHODS
from sandbox.namespace import ATTRIBUTES, BUILTINS, FUNCTIONS, MODULES, members
from sandbox.parsing import MAX_LENGTH, parsed

FILE_NAME = "<program>"
"""Stands for the source in tracebacks."""
_IMPORTED = {"numpy", "math"}
_DROPPED_IMPORTS = {"typing", "__future__", "collections.abc"}
_INSTEAD: dict[type[ast.AST], str] = {
    ast.ClassDef: "classes are not available; write functions, and keep state in a dict or a list",
    ast.AsyncFunctionDef: "async is not available; write a plain function",
    ast.AsyncFor: "async is not available; write a plain loop",
    ast.AsyncWith: "async is not available",
    ast.Await: "await is not available; call the function",
    ast.Yield: "generators are not available; collect the values in a list and return it",
    ast.YieldFrom: "generators are not available; collect the values in a list and return it",
    ast.Match: "match is not available; write if and elif",
    ast.TryStar: "except* is not available; write except",
}
_ATTRIBUTES_INSTEAD = {
    "at": "write a loop of `scores[i, j] += x`, or np.bincount",
    "format": "write an f-string",
    "format_map": "write an f-string",
    "sub": "write str.replace or a loop over characters",
    "random": "programs are deterministic: the same text must give the same scores",
    "defaultdict": "write a dict and .get(key, default)",
    "Counter": "write a dict and .get(key, 0) + 1",
    "vectorize": "write a loop or broadcast",
    "load": "programs read no files",
    "save": "programs write no files",
}
_NAMES_INSTEAD = {
    "getattr": "name the attribute itself, as in key.is_comma",
    "hasattr": "the features of query, key and pair are those in the vocabulary",
    "setattr": "attributes cannot be set",
    "repr": "write an f-string, as in f'{x!r}'",
    "type": "use isinstance(x, float)",
    "re": "use str methods such as startswith, find and isalpha",
    "open": "programs read and write no files",
    "defaultdict": "write a dict and .get(key, default)",
    "Counter": "write a dict and .get(key, 0) + 1",
    "torch": "use np",
    "eval": "write the expression itself",
    "exec": "write the statement itself",
    "super": "classes are not available",
    "bytes": "use str",
}


@dataclass(frozen=True)
class Refusal:
    """One thing that a program may not say: its line, and what to write instead."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class Refused(ValueError):  # noqa: N818 - a verdict, not a mistake of ours
    """The source breaks the policy."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__("; ".join(map(str, refusals)))


@dataclass(frozen=True)
class Compiled:
    """A source that may be executed, and the name its function goes by."""

    code: CodeType
    entry: str


def compile_program(source: str, entry: str, features: frozenset[str]) -> Compiled:
    """Compile a source under the policy.

    Args:
        source: a module whose function ``entry`` returns the scores.
        entry: the function's name as it stands in the source.
        features: names of the features that ``query``, ``key`` and ``pair`` have.

    Raises:
        Refused: it breaks the policy, or cannot be compiled.
    """
    tree, policy = _restricted(source, features)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Compiled(compile(tree, FILE_NAME, "exec", dont_inherit=True), policy.public(entry))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Refused([Refusal(line, f"cannot be compiled: {getattr(error, 'msg', None) or error}")]) from None


def check(source: str, features: frozenset[str]) -> None:
    """Read a source without compiling it.

    Raises:
        Refused: it breaks the policy.
    """
    _restricted(source, features)


def _restricted(source: str, features: frozenset[str]) -> tuple[ast.Module, "_Policy"]:
    if len(source) > MAX_LENGTH:
        raise Refused([Refusal(1, f"the source has over {MAX_LENGTH} characters; write a shorter program")])
    try:
        tree = parsed(source)
        policy = _Policy(tree, features)
        tree = policy.visit(tree)
    except SyntaxError as error:
        raise Refused([Refusal(error.lineno or 1, f"syntax error: {error.msg}")]) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Refused([Refusal(1, f"cannot be read: {error}; write a simpler program")]) from None
    if policy.refusals:
        raise Refused(sorted(policy.refusals, key=lambda refusal: refusal.line))
    return ast.fix_missing_locations(tree), policy


class _Policy(RestrictingNodeTransformer):
    """Rewrites a tree into what may be executed, and notes what may not.

    Only what differs from RestrictedPython's own rules is here.
    """

    def __init__(self, tree: ast.Module, features: frozenset[str]) -> None:
        super().__init__()
        self.refusals: list[Refusal] = []
        self._known = _bound_names(tree) | set(BUILTINS) | set(FUNCTIONS) | set(MODULES)
        self._modules = {name: name for name in MODULES} | _module_aliases(tree)
        self._attributes = ATTRIBUTES | features
        self._renamed: dict[str, str] = {}
        self._plain: set[ast.Attribute] = set()  # methods whose call needs no look

    # What is refused, and in which words.

    def refuse(self, node: ast.AST, message: str) -> None:
        self.refusals.append(Refusal(getattr(node, "lineno", 1), message))

    def error(self, node: ast.AST, info: str) -> None:
        self.refuse(node, info)

    def not_allowed(self, node: ast.AST) -> None:
        kind = type(node)
        self.refuse(node, _INSTEAD.get(kind, f"`{kind.__name__}` is not available; write it with plain statements"))

    visit_ClassDef = visit_Yield = visit_YieldFrom = visit_TryStar = not_allowed

    # What is left as it stands, guards and all; see above. An item that is added to (`a[i, j] += x`) is looked up once,
    # as Python has it.
    visit_Subscript = visit_Assign = visit_NamedExpr = visit_With = visit_Lambda = visit_Module = guard_iter = (
        RestrictingNodeTransformer.node_contents_visit
    )

    # Names.

    def public(self, name: str) -> str:
        """The name a program's own name goes by: one without an underscore in front, which no guard has either."""
        if not name.startswith("_") or name == "_":
            return name
        if name not in self._renamed:
            new = "own" + name
            while new in self._known or new in self._renamed.values():
                new += "_"
            self._renamed[name] = new
        return self._renamed[name]

    def own_name(self, node: ast.AST, name: str) -> str:
        if name.startswith("__") or (name.startswith("_") and name.endswith("_") and name != "_"):
            self.refuse(node, f"the name `{name}` is not available; drop the underscores")
            return name
        return self.public(name)

    def bound_name(self, node: ast.AST, name: str) -> str:
        """A name that is given a value; those of modules are not, since what is allowed of them hangs on them."""
        if name in self._modules:
            self.refuse(node, f"`{name}` is a module; choose another name")
        return self.own_name(node, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id not in self._known:
            instead = _NAMES_INSTEAD.get(node.id, "define it, or use what Python, np and math have here")
            self.refuse(node, f"the name `{node.id}` is not available; {instead}")
            return node
        named = self.own_name if isinstance(node.ctx, ast.Load) else self.bound_name
        return ast.copy_location(ast.Name(named(node, node.id), node.ctx), node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        return ast.copy_location(ast.Global([self.own_name(node, name) for name in node.names]), node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        return ast.copy_location(ast.Nonlocal([self.own_name(node, name) for name in node.names]), node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name is not None:
            node.name = self.bound_name(node, node.name)
        return self.node_contents_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg is not None:
            node.arg = self.own_name(node, node.arg)
        return self.node_contents_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.copy_location(ast.arg(self.bound_name(node, node.arg)), node)  # its annotation is dropped

    # Attributes and items.

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not isinstance(node.ctx, ast.Load):
            self.refuse(node, f"attributes cannot be set or deleted (`.{node.attr}`); use a local name")
        elif isinstance(node.value, ast.Name) and node.value.id in self._modules:
            module = self._modules[node.value.id]
            self._module_attribute(node, module)
            return ast.copy_location(ast.Attribute(_module(module), node.attr, node.ctx), node)
        elif node.attr in METHODS and node not in self._plain:
            return _call("_method", node, self.visit(node.value), ast.Constant(node.attr))
        elif node.attr not in self._attributes:
            instead = _ATTRIBUTES_INSTEAD.get(node.attr, "use a feature, a NumPy function or a loop")
            self.refuse(node, f"the attribute `.{node.attr}` is not available; {instead}")
        return self.node_contents_visit(node)

    def _module_attribute(self, node: ast.Attribute, module: str) -> None:
        if node.attr not in members(MODULES[module]):
            instead = _ATTRIBUTES_INSTEAD.get(node.attr, "use another of its numeric functions, or write a loop")
            self.refuse(node, f"`{module}.{node.attr}` is not available; {instead}")

    # What is computed and shown.

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and _is_harmless(node, node.func.attr):
            self._plain.add(node.func)
        return self.node_contents_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        conversion = "" if node.conversion == -1 else chr(node.conversion)
        value = _call("_shown", node, self.visit(node.value), ast.Constant(conversion))
        form = self.visit(node.format_spec) if node.format_spec is not None else None
        return ast.copy_location(ast.FormattedValue(value, -1, form), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, ast.Mod) or _is_number(node.left) or _is_number(node.right):
            return self.node_contents_visit(node)
        return _call("_remainder", node, self.visit(node.left), self.visit(node.right))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.op, ast.Mod) or not isinstance(node.target, ast.Name) or _is_number(node.value):
            return self.node_contents_visit(node)
        left = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
        value = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
        return self.visit(ast.copy_location(ast.Assign([node.target], value), node))

    # Statements.

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        target = self.visit(node.target)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([target], self.visit(node.value)), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.decorator_list:
            self.refuse(node.decorator_list[0], "decorators are not available; drop it")
            node.decorator_list = []
        node.returns = None
        node.name = self.bound_name(node, node.name)
        return self.node_contents_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bytes):
            self.refuse(node, "bytes are not available; write a str")
        return node

    # Imports.

    def visit_Import(self, node: ast.Import) -> list[ast.AST] | ast.AST:
        bound: list[ast.AST] = []
        for alias in node.names:
            if alias.name in _IMPORTED:
                bound.append(self._bind(node, alias.asname or alias.name, _module(alias.name), alias.name))
            elif alias.name not in _DROPPED_IMPORTS:
                self._refuse_import(node, alias.name)
        return bound or ast.copy_location(ast.Pass(), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.AST] | ast.AST:
        if node.module in _DROPPED_IMPORTS and node.level == 0:
            return ast.copy_location(ast.Pass(), node)
        if node.module not in _IMPORTED or node.level:
            self._refuse_import(node, node.module or ".")
            return node
        bound: list[ast.AST] = []
        for alias in node.names:
            if alias.name == "*":
                self.refuse(node, f"`import *` is not available; write {node.module}.sqrt and the like")
            elif alias.name not in members(MODULES[node.module]):
                self.refuse(node, f"`{node.module}.{alias.name}` is not available; use another of its functions")
            else:
                value = ast.Attribute(_module(node.module), alias.name, ast.Load())
                bound.append(self._bind(node, alias.asname or alias.name, value))
        return bound or ast.copy_location(ast.Pass(), node)

    def _bind(self, node: ast.stmt, name: str, value: ast.expr, module: str = "") -> ast.AST:
        if name in self._modules and MODULES[self._modules[name]] is not MODULES.get(module):
            self.refuse(node, f"`{name}` is a module; choose another name")
        target = ast.Name(self.own_name(node, name), ast.Store())
        return ast.copy_location(ast.Assign([target], value), node)

    def _refuse_import(self, node: ast.AST, module: str) -> None:
        self.refuse(node, f"`{module}` cannot be imported; only numpy and math are here, and need no import")


def _module(name: str) -> ast.expr:
    # Under a name that no program can use: `math = math` in a function would read the local name it sets.
    return ast.Name("_math" if name == "math" else "_numpy", ast.Load())


def _call(name: str, node: ast.AST, *arguments: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), node)


def _is_harmless(call: ast.Call, method: str) -> bool:
    """Whether a call of one of ``METHODS`` plainly asks for nothing that has to be looked at."""
    spread = any(isinstance(argument, ast.Starred) for argument in call.args)
    named = {keyword.arg for keyword in call.keywords}  # None where a dictionary is spread
    return not spread and named <= HARMLESS and len(call.args) <= METHODS[method]


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _bound_names(tree: ast.Module) -> set[str]:
    """Every name that a source gives a value to, anywhere; those it drops included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found |= {alias.asname or alias.name for alias in aliases}
    return found


def _module_aliases(tree: ast.Module) -> dict[str, str]:
    """Other names that imports give to ``numpy`` and ``math``."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    return {a.asname: a.name for node in imports for a in node.names if a.asname and a.name in _IMPORTED}
