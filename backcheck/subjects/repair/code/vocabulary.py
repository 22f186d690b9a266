"""Which names, sizes and expressions may be written at a line, by the values that they had there when it ran."""

import ast
import builtins
import dis
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from backcheck.edits.repairs.words import Shape, Words
from backcheck.subjects.repair.code.trace import Watched

MOST_ARRAYS, MOST_NUMBERS, MOST_EXPRESSIONS = 14, 14, 40
MOST_TEXTS = 12
MOST_UNCALLED, MOST_HELD = 3, 10
MOST_LINES = 4  # of a statement, down to the first that Python meets
LIBRARIES = ("numpy", "jax.numpy", "torch")
# methods and functions that only compute: an expression of these is evaluated to know its shape
ONLY_COMPUTE = frozenset(
    """
    sum mean max min prod cumsum var std exp log sqrt tanh sinh cosh sin cos tan abs sign where maximum minimum square
    reshape transpose swapaxes expand_dims squeeze ravel flatten astype copy size len float int take_along_axis outer
    dot matmul einsum broadcast_to zeros_like ones_like full_like arange clip argmax argmin expm1 log1p moveaxis
    concatenate stack flip roll pad power reciprocal unsqueeze type double permute numel
    """.split()  # noqa: SIM905 - one word a line would fill a page
)


@dataclass
class Vocabulary:
    """The words of every line of one watched function. `module` has expressions that stand in its module."""

    watched: Watched
    module: Sequence[str]
    source: str = ""
    _known: dict[int, Words] = field(default_factory=dict)

    def at(self, line: int) -> Words | None:
        """Those of the statement that begins at this line of the file; None where it did not run."""
        # Python meets the first line of a statement after those of its parts, or never
        line = next((each for each in range(line, line + MOST_LINES) if each in self.watched.lines), 0)
        if not line:
            return None
        if line not in self._known:
            self._known[line] = self._words(self.watched.lines[line])
        return self._known[line]

    def _words(self, names: Mapping[str, Any]) -> Words:
        shapes = _Shapes(self.watched.globals, names, self._allowed)
        arrays, numbers = _atoms(names)
        arrays = arrays[:MOST_ARRAYS]
        sizes = list(_sizes(arrays, shapes))
        expressions = [each for each in self.module if shapes.of(each) is not None]
        return Words(
            self._numpy,
            arrays,
            list(dict.fromkeys([*numbers, *sizes]))[:MOST_NUMBERS],
            expressions[:MOST_EXPRESSIONS],
            shapes.of,
            [f"{name}({text})" for name in self._uncalled for text in _holders(names, arrays)],
            self._unused,
            [name for name, value in names.items() if name.isidentifier() and not callable(value)],
            _texts(self.source),
        )

    @cached_property
    def _unused(self) -> frozenset[str]:
        """The names of the function that it gives a value and never reads."""
        code = self.watched.code
        read = {each.argval for each in dis.get_instructions(code) if each.opname.startswith("LOAD")}
        return frozenset(name for name in code.co_varnames if name not in read)

    @cached_property
    def _allowed(self) -> frozenset[str]:
        """What an expression may call to be evaluated: what only computes, and functions that the module has."""
        known = self.watched.globals.items()
        return ONLY_COMPUTE.union(name for name, value in known if isinstance(value, types.FunctionType))

    @cached_property
    def _uncalled(self) -> list[str]:
        """Functions that somebody wrote or imported for this module, and that it never names."""
        known = self.watched.globals.items()
        here = self.watched.globals.get("__name__")
        own = [name for name, value in known if isinstance(value, types.FunctionType) and value.__module__ != here]
        return [name for name in own if _times(self.source, name) == 1][:MOST_UNCALLED]

    @cached_property
    def _numpy(self) -> str:
        for name, value in self.watched.globals.items():
            if isinstance(value, types.ModuleType) and value.__name__ in LIBRARIES:
                return name
        return ""


@cache
def _texts(source: str) -> Sequence[str]:
    """The short strings that stand in a module."""
    try:
        tree = ast.walk(ast.parse(source))
    except SyntaxError:
        return ()
    values = (each.value for each in tree if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return [f'"{value}"' for value in dict.fromkeys(values) if value.isidentifier()][:MOST_TEXTS]


def _times(source: str, name: str) -> int:
    return len(re.findall(rf"\b{name}\b", source))


def _holders(names: Mapping[str, Any], arrays: Sequence[str]) -> list[str]:
    """What a function of the module may be called with: names, the arrays first."""
    plain = [name for name in arrays if name.isidentifier()]
    others = [n for n, value in names.items() if n not in plain and isinstance(value, tuple) and n.isidentifier()]
    return [*others, *plain][:MOST_HELD]


def _is_array(value: Any) -> bool:
    shape = getattr(value, "shape", None)
    return isinstance(shape, tuple) and hasattr(value, "dtype") and not isinstance(value, np.generic)


def _is_constant(array: Any) -> bool:
    """Are all entries 0, or all 1? Such a name may stand for a number by chance: what is right with it at these cases
    is not elsewhere."""
    try:
        values = np.asarray(array)
        return bool(values.size) and (bool((values == 0).all()) or bool((values == 1).all()))
    except Exception:  # a tensor that NumPy does not take
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _atoms(names: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Texts with an array for a value, each array once, the shortest text first; and texts with a number."""
    arrays: dict[int, str] = {}
    numbers: list[str] = []
    for text, value in sorted(_readable(names), key=lambda each: (each[0].count(".") + each[0].count("["), 0)):
        if _is_array(value) and not _is_constant(value):
            arrays.setdefault(id(value), text)
        elif _is_number(value) and value not in (0, 1):
            numbers.append(text)
    return list(arrays.values()), numbers


def _readable(names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names, and one step into what they hold: fields, attributes, entries."""
    for name, value in names.items():
        if name.startswith((".", "__")) or name == "_":
            continue
        yield name, value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            yield from ((f"{name}.{key}", each) for key, each in zip(value._fields, value, strict=True))
        elif isinstance(value, tuple | list) and len(value) < 12:
            yield from ((f"{name}[{at}]", each) for at, each in enumerate(value))
        elif isinstance(value, dict) and len(value) < 30:
            yield from ((f"{name}[{key!r}]".replace("'", '"'), e) for key, e in value.items() if isinstance(key, str))
        elif not _is_array(value) and not callable(value) and hasattr(value, "__dict__"):
            yield from ((f"{name}.{key}", each) for key, each in vars(value).items() if key.isidentifier())
        if hasattr(value, "saved_tensors"):
            yield from ((f"{name}.saved_tensors[{at}]", each) for at, each in enumerate(value.saved_tensors))


def _sizes(arrays: Sequence[str], shapes: "_Shapes") -> Iterator[str]:
    """The sizes of the arrays, each number once: an axis before the whole."""
    for whole in (False, True):
        met = set()
        for text in arrays:
            shape = shapes.of(text) or ()
            if whole:
                options = [(f"{text}.size", int(np.prod(shape, dtype=np.int64)))] if len(shape) > 1 else []
            else:
                options = [(f"{text}.shape[{at}]", size) for at, size in enumerate(shape)]
            for option, value in options:
                if value > 1 and value not in met:
                    met.add(value)
                    yield option


@dataclass
class _Shapes:
    """The shapes of expressions of some names, each evaluated once."""

    globals: dict[str, Any]
    names: Mapping[str, Any]
    allowed: frozenset[str]
    known: dict[str, Shape | None] = field(default_factory=dict)

    def of(self, text: str) -> Shape | None:
        if text not in self.known:
            self.known[text] = self._evaluated(text)
        return self.known[text]

    def _evaluated(self, text: str) -> Shape | None:
        try:
            tree = ast.parse(f"({text}\n)", mode="eval")
            if not all(self._computes(each) for each in ast.walk(tree)):
                return None
            with np.errstate(all="ignore"):
                value = eval(compile(tree, "words", "eval"), self.globals, dict(self.names))
        except Exception:  # it has no value here
            return None
        if isinstance(value, bool):
            return None
        if _is_number(value) or isinstance(value, np.generic):
            return ()
        return tuple(map(int, value.shape)) if _is_array(value) else None

    def _computes(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            return name in self.allowed
        return not isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.Lambda)


def expressions_of(source: str) -> list[str]:
    """The expressions of a module that compute something, the short ones first, each once."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Compare | ast.Subscript | ast.Attribute):
            text = ast.unparse(node)
            named = any(isinstance(each, ast.Name) and not hasattr(builtins, each.id) for each in ast.walk(node))
            if named and len(text) <= 80 and not isinstance(getattr(node, "ctx", None), ast.Store):
                found.setdefault(text, len(found))
    return sorted(found, key=len)
