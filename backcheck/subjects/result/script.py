"""The script that checks somebody's code again: a few lines that ask the same question, to the bit."""

import numpy as np

from backcheck.diagnosis.reproducer import literal
from backcheck.problem import Problem
from backcheck.subjects.pairs.not_given import with_none
from backcheck.subjects.user_code import UserCode


def script(code: UserCode, problem: Problem) -> str:
    """The source text. The parameters of an object go in by name, behind the inputs; its options are in its making."""
    problem = problem.asked
    # a function that reads one array in two places is given it in both
    reads = problem.network.nodes[0].reads
    named = [(name, problem.arrays[name]) for name in (reads if code.inputs is None else problem.arrays)]
    inputs = len(named) if code.inputs is None else code.inputs
    texts = [_literal(array, k in code.complex_at) for k, (_, array) in enumerate(named[:inputs])]
    lines = [f"    {text}," for text in with_none(texts, code.none_at)]
    if named[inputs:]:
        values = [f"        {name!r}: {literal(array)}," for name, array in named[inputs:]]
        lines += ["    values={", *values, "    },"]
    config = dict(problem.network.nodes[0].config)
    if config and code.inputs is None:
        lines.append(f"    config={config!r},")
    lines += [f"    {option}," for option in code.options]
    lines.append(f"    cotangent={literal(problem.dy)},")
    numbers = ["import numpy as np", "import ml_dtypes"] if problem.dtype == "bfloat16" else ["import numpy as np"]
    return "\n".join([*numbers, *code.source, "", f"print({code.call}", *lines, "))"]) + "\n"


def _literal(array: np.ndarray, is_complex: bool) -> str:
    """A complex array is kept as its parts."""
    if not is_complex:
        return literal(array)
    kind = np.complex128 if array.dtype == np.float64 else np.complex64
    return f"{literal(array)}.view({kind.__name__!r})[..., 0]"
