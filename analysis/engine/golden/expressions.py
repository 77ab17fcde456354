"""Reads the arithmetic of a golden file's synthetic inputs, without handing it to `eval`.

The notation is NumPy's, written for people: `name=expression` separated by semicolons, `1..8` for a range,
bare function names. Only arithmetic, the functions named here and seeded random generators are known.
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MAX_VALUES = 50_000_000
MAX_TERMS = 10_000  # of a sum over a range
MAX_BITS = 256  # of a whole number

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "log": np.log,
    "abs": np.abs,
    "sum": sum,
}
GENERATOR_METHODS = ("random", "standard_normal", "uniform", "normal")


def _power(base: Any, exponent: Any) -> Any:
    # whole numbers have no largest value here: 9**9**9 would be computed for hours
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and (exponent < 0 or base.bit_length() * exponent > MAX_BITS):
        return float(base) ** exponent
    return base**exponent


OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: _power,
}


class UnreadableFormula(ValueError):
    """A formula holds something this notation does not know."""


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of one expression in which `names` are known; float64 unless it says otherwise.

    Raises UnreadableFormula.
    """
    spelled = re.sub(r"(\d+)\.\.(\d+)", r"range(\1, \2 + 1)", text.strip())
    try:
        tree = ast.parse(spelled, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableFormula(f"cannot read {text!r}") from error
    try:
        return _Evaluator(dict(names)).visit(tree.body)
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, UnreadableFormula):
            raise
        raise UnreadableFormula(f"{text[:200]!r} cannot be computed ({error})") from error


class _Evaluator(ast.NodeVisitor):
    def __init__(self, names: dict[str, Any]) -> None:
        self.names = {"pi": np.pi, "float32": np.float32, "float64": np.float64} | names

    def generic_visit(self, node: ast.AST) -> Any:
        raise UnreadableFormula(f"{type(node).__name__} is not part of the notation")

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return node.value
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.names:
            raise UnreadableFormula(f"{node.id!r} is not defined")
        return self.names[node.id]

    def visit_Tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.visit(item) for item in node.elts)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.visit(node.operand)
        return -value if isinstance(node.op, ast.USub) else value

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if type(node.op) not in OPERATORS:
            return self.generic_visit(node.op)
        left, right = self.visit(node.left), self.visit(node.right)
        if not all(isinstance(side, int | float | np.ndarray | np.generic) for side in (left, right)):
            raise UnreadableFormula("only numbers and arrays can be computed with")
        return OPERATORS[type(node.op)](left, right)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id in {"numpy", "np"} and node.attr in self.names:
            return self.names[node.attr]
        return self.generic_visit(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> list[Any]:
        (loop,) = node.generators
        if not isinstance(loop.target, ast.Name) or loop.ifs:
            return self.generic_visit(node)
        values: list[Any] = []
        for value in self.visit(loop.iter):
            if len(values) >= MAX_TERMS:
                raise UnreadableFormula(f"more than {MAX_TERMS} terms")
            values.append(_Evaluator(self.names | {loop.target.id: value}).visit(node.elt))
        return values

    def visit_Call(self, node: ast.Call) -> Any:
        arguments = [self.visit(item) for item in node.args]
        keywords = {item.arg: self.visit(item.value) for item in node.keywords if item.arg}
        return self._function(node.func)(*arguments, **keywords)

    def _function(self, node: ast.expr) -> Callable[..., Any]:
        name = ast.unparse(node)
        bare = name.rsplit(".", 1)[-1]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            return self._method(node)
        if name.removeprefix("numpy.").removeprefix("np.") == "random.default_rng":
            return np.random.default_rng
        if bare == "arange":
            return lambda *bounds: _bounded(np.arange, *bounds)
        if bare == "range":
            return lambda *bounds: _bounded(range, *bounds)
        if bare in FUNCTIONS:
            return FUNCTIONS[bare]
        raise UnreadableFormula(f"{name} is not part of the notation")

    def _method(self, node: ast.Attribute) -> Callable[..., Any]:
        owner = self.visit(node.value)
        if isinstance(owner, np.random.Generator) and node.attr in GENERATOR_METHODS:
            return lambda *a, **k: _bounded(getattr(owner, node.attr), *a, **k)
        if isinstance(owner, np.ndarray) and node.attr == "astype":
            return owner.astype
        raise UnreadableFormula(f".{node.attr} is not part of the notation")


def _bounded(make: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    sizes = [size for item in arguments for size in (item if isinstance(item, tuple) else (item,))]
    if float(np.prod([max(abs(size), 1) for size in sizes])) > MAX_VALUES:
        raise UnreadableFormula(f"more than {MAX_VALUES} values")
    return make(*arguments, **keywords)
