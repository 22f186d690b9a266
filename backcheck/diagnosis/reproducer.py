"""A script of a few lines that shows a failure again with NumPy and one oracle, and its arrays as a file."""

import json
import re
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZipFile

import numpy as np

from backcheck.diagnosis.locate import Finding
from backcheck.keys import TensorKind
from backcheck.problem import SUBJECT, Problem
from backcheck.strategies.case import Case
from backcheck.strategies.layouts import source_of
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck.verdicts.second_order.products import direction
from backcheck_reports.destination import ZIP_COMMENT
from scratch_bp.network import Node

FEW = 5  # numbers that are written out in any case
# by the order of the derivative: the imports of a script, and its comparison; {} is the oracle
SCRIPT_IMPORTS: Mapping[int, tuple[str, ...]] = {
    1: ("from scratch_bp.network import Network, run, value_and_grad",),
    2: (
        "from backcheck_reference.numbers.exact import to_float",
        "from scratch_bp.network import Network, run",
        "from backcheck.problem import pose",
        "from backcheck.verdicts.second_order.products import exactly",
    ),
}
SCRIPT_COMPARISONS: Mapping[int, tuple[str, ...]] = {
    1: (
        "value, got = value_and_grad(network, arrays, dy, rules)",
        "want_value, want = {}_oracle.value_and_grad(program, arrays, dy, network.differentiable)",
        'print("value", value, "should be", want_value)',
        "for name in want:",
        '    print(name, "got", got[name], "want", want[name], sep="\\n")',
    ),
    # the derivative of the gradient along v: the framework's, and by exact differences of the rules' own backward
    2: (
        "got = {}_oracle.hessian_vector(program, arrays, dy, network.differentiable, v)",
        "want = exactly(pose(network, arrays, dy, rules=rules), v).values",
        "for name in got:",
        '    print("H." + name, "along", v[name], "got", got[name], "want", to_float(want[name]), sep="\\n")',
    ),
}


def script(case: Case, finding: Finding, subject: str | None) -> str:
    """The text of the script: of one node by itself a call of its two functions, else the network and an oracle."""
    arrays, dy = case.make()
    if len(case.network.nodes) == 1 and finding.party == SUBJECT and finding.key.kind is TensorKind.GRADIENT:
        return _of_one_node(case.network.nodes[0], arrays, dy, subject)
    oracle = finding.party if finding.party in FRAMEWORKS else "torch"
    order, along = 1, []
    if finding.key.kind is TensorKind.PRODUCT:
        v = direction(Problem(case.network, arrays, dy, case.dtype, {}))
        order, along = 2, ["v = {", *_entries(v), "}"]
    lines = [
        "import json",
        "import numpy as np",
        f"from backcheck_reference.frameworks import {oracle}_oracle",
        *SCRIPT_IMPORTS[order],
        "from backcheck.subjects.rule_table import load",
        "",
        f"rules = load({subject!r})",
        f"network = Network.from_json(json.loads({json.dumps(case.network.to_json())!r}))",
        "arrays = {",
        *_entries(arrays),
        "}",
        f"dy = {literal(dy)}",
        "program = lambda apply, values: run(network, values, apply)",
        *along,
        *(line.format(oracle) for line in SCRIPT_COMPARISONS[order]),
        "",
        "# above a Hypothesis test of backcheck.strategies.case_strategies.cases():",
        f"# @example(case=Case.from_json(json.loads({json.dumps(case.to_json())!r})))",
    ]
    return "\n".join(lines) + "\n"


def _of_one_node(node: Node, arrays: Mapping[str, np.ndarray], dy: np.ndarray, subject: str | None) -> str:
    """The rule's forward and backward called once: what comes out, and beside it what should."""
    given = "".join(f"    {_briefly(arrays[name])},\n" for name in node.reads)
    options = f"    config={dict(node.config)!r},\n" if node.config else ""
    return (
        "import numpy as np\n"
        "import backcheck\n"
        "from backcheck.subjects.rule_table import load\n\n"
        f"forward, backward = load({subject!r})[{node.rule!r}]\n"
        f"print(backcheck.check_vjp(forward, backward,\n{given}{options}    cotangent={_briefly(dy)},\n))\n"
    )


def _briefly(array: np.ndarray) -> str:
    """An array of one number over again in a few words, any other as it is."""
    first = array.ravel()[:1]
    if array.size < FEW or array.dtype.kind != "f" or np.tile(first, array.size).tobytes() != array.tobytes():
        return literal(array)
    number = literal(first[0]).removeprefix("np.array(").partition(",")[0]
    return source_of(f"np.full({array.shape!r}, {number}, dtype={array.dtype.name!r})", array)


def _entries(arrays: Mapping[str, np.ndarray]) -> list[str]:
    return [f"    {name!r}: {literal(array)}," for name, array in arrays.items()]


def archive(case: Case) -> bytes:
    """The arrays and the cotangent (as `dy`) to the bit, as .npz; that does not know bfloat16: its bits are stored."""
    arrays, dy = case.make()
    kept = {name: a.view(np.uint16) if a.dtype.name == "bfloat16" else a for name, a in {**arrays, "dy": dy}.items()}
    made = BytesIO()
    np.savez(made, allow_pickle=False, **kept)
    with ZipFile(made, "a") as file:
        file.comment = ZIP_COMMENT
    return made.getvalue()


def literal(array: np.ndarray) -> str:
    """Source text that makes the array again to the bit, in its own layout, and in its shape when it is empty."""
    if not array.size:
        return f"np.zeros({array.shape!r}, dtype={array.dtype.name!r})"
    values = array.astype(np.float64).tolist() if array.dtype.kind not in "iub" else array.tolist()
    text = re.sub(r"\b(nan|inf)\b", r"np.\1", repr(values))  # Python has no names for them
    return source_of(f"np.array({text}, dtype={array.dtype.name!r})", array)
