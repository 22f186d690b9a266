"""Everything that backcheck asks about one drawn network against `torch.autograd.gradcheck` alone on it.

    python -m benchmarks.oracles_and_gradcheck [--networks 200] [--seed 1]

Both sides run on every network in turn, once to warm up (JAX compiles its pieces then) and once timed. Networks that
PyTorch cannot run are left out, since gradcheck cannot be asked about them: its cosine embedding loss, for one, takes
no target of two axes. The columns are means over the networks: PyTorch, JAX, finite differences and exact arithmetic as
oracles, then the tolerance and the verdicts on top, then gradcheck with its defaults. Figures are milliseconds on this
machine: quote the ratios.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.console import Console
from rich.table import Table

from backcheck.problem import Problem, pose
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue.sizes import some_sizes
from backcheck.verdicts.check import examine
from backcheck.verdicts.differences import ask_differences
from backcheck.verdicts.parties import ask_framework, ask_subject, calm
from backcheck_reference.derivatives import judgement
from backcheck_reference.frameworks.torch_oracle import apply
from backcheck_reference.numbers import exact
from benchmarks.shared import command_line
from benchmarks.shared.turns import seconds
from scratch_bp.network import run


def drawn(count: int, number: int) -> list[Problem]:
    found: list[Problem] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(dtypes=("float64",), profiles=("normal",), sizes=some_sizes(number)))
    def collect(case: Case) -> None:
        arrays, dy = case.make()
        found.append(pose(case.network, arrays, dy))

    collect()
    return found


def gradcheck(problem: Problem) -> None:
    tensors = {name: torch.tensor(array) for name, array in problem.arrays.items()}

    def function(*free: torch.Tensor) -> torch.Tensor:
        return run(problem.network, {**tensors, **dict(zip(problem.wanted, free, strict=True))}, apply)

    torch.autograd.gradcheck(
        function, [tensors[name].clone().requires_grad_() for name in problem.wanted], raise_exception=False
    )


def exactly(problem: Problem) -> None:
    arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
    judgement.judge(problem.function, problem.vjp, arrays, exact.lift(problem.dy), problem.wanted, levels=2)


STEPS: dict[str, Callable[[Problem], object]] = {
    "subject": ask_subject,
    "PyTorch": lambda problem: ask_framework("torch", problem),
    "JAX": lambda problem: ask_framework("jax", problem),
    "differences": ask_differences,
    "exact": exactly,
    "everything": examine,
    "gradcheck": gradcheck,
}


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = command_line.options(parser, networks=3)
    calm()
    everyone = drawn(options.networks, options.seed)
    problems = [problem for problem in everyone if not ask_framework("torch", problem).unavailable]
    spent: dict[str, list[float]] = defaultdict(list)
    with np.errstate(all="ignore"):
        for timed in (False, True):
            for problem in problems:
                for name, step in STEPS.items():
                    took = seconds(partial(step, problem))
                    if timed:
                        spent[name].append(took * 1e3)
    means = {name: float(np.mean(times)) for name, times in spent.items()}
    oracles = sum(means[name] for name in ("PyTorch", "JAX", "differences", "exact"))
    extra = means["everything"] - oracles - means["subject"]
    table = Table("what", "mean ms", title=f"{len(problems)} of {len(everyone)} networks, float64, seed {options.seed}")
    for name, value in means.items():
        table.add_row(name, f"{value:.2f}")
    table.add_row("everything / gradcheck", f"{means['everything'] / means['gradcheck']:.2f}")
    table.add_row("tolerance and verdict / the four oracles", f"{extra / oracles:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
