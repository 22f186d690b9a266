"""Faults in optimisers are hunted with steps of drawn parameters, beside PyTorch's optimiser of the same name.

What a step may be off is derived as for values: the optimiser with the fault runs once on exact numbers and once on
balls of float64, and PyTorch's parameters lie within eight radii of its own, or it is another optimiser than PyTorch's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.patches import CopiedModules, SourceChange, replaced
from backcheck_reference.lazy import torch
from backcheck_reference.numbers import balls, exact
from scratch_bp.optimisers.optimiser import Optimiser, over_dictionaries

Options = Mapping[str, Any]
DTYPE, STEPS, MOST = "float64", 4, 6


class TorchTwin(NamedTuple):
    """The same optimiser in PyTorch, the module and the function of ours, and the options to draw from."""

    name: str
    module: str
    update: str
    options: Sequence[Options]


_DECAY, _BETAS = {"weight_decay": 0.1}, {"betas": (0.5, 0.9)}
TWINS: Mapping[str, TorchTwin] = {
    "sgd": TorchTwin("SGD", "sgd", "update", (
        {"lr": 0.5}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
        {"lr": 0.1, "momentum": 0.5, "nesterov": True}, {"lr": 0.1, **_DECAY},
    )),
    "rmsprop": TorchTwin("RMSprop", "rmsprop", "update", (
        {}, {"alpha": 0.9, "centered": True, "eps": 1e-3}, {"momentum": 0.8, **_DECAY},
    )),
    "adagrad": TorchTwin("Adagrad", "adagrad", "update", ({}, {"lr": 0.1, "lr_decay": 0.1}, {**_DECAY, "eps": 1e-3})),
    "adadelta": TorchTwin("Adadelta", "adadelta", "update", ({}, {"rho": 0.5, "eps": 1e-4}, _DECAY)),
    "adam": TorchTwin("Adam", "adam", "update", (
        {}, {**_BETAS, "eps": 1e-3}, _DECAY, {"amsgrad": True, "betas": (0.9, 0.5)},
    )),
    "adamw": TorchTwin("AdamW", "adam", "update_decoupled", ({}, {"lr": 0.01, **_DECAY}, {**_BETAS, "eps": 1e-3})),
    "nadam": TorchTwin("NAdam", "nadam", "update", (
        {}, {"weight_decay": 0.1, "momentum_decay": 0.1, "decoupled_weight_decay": True}, _BETAS,
    )),
}  # fmt: skip


class DrawnSteps(NamedTuple):
    """One draw: an optimiser with options, first parameters, and a gradient for each step."""

    optimiser: str
    options: Options
    start: np.ndarray
    grads: tuple[np.ndarray, ...]


def drawn(seed: int, number: int) -> DrawnSteps:
    """Draw number `number` of a stream that has every optimiser in turn."""
    rng = np.random.Generator(np.random.PCG64([seed, number]))
    name = list(TWINS)[number % len(TWINS)]
    options = TWINS[name].options[int(rng.integers(len(TWINS[name].options)))]
    shape = tuple(int(n) for n in rng.integers(1, MOST, size=2))
    grads = tuple(rng.standard_normal(shape) * 10.0 ** float(rng.integers(-2, 2)) for _ in range(STEPS))
    return DrawnSteps(name, options, rng.standard_normal(shape), grads)


def planted(fault: PlantedFault) -> Optimiser:
    """Our optimiser with the fault in it. Raises StaleFault where its place in the source is not there any more."""
    twin, patch = TWINS[fault.rule], fault.patch
    assert isinstance(patch, SourceChange)
    text = replaced(patch.module, patch.old, patch.new)
    module = CopiedModules({patch.module: text}).module(f"scratch_bp.optimisers.{twin.module}")
    return over_dictionaries(module.start, getattr(module, twin.update))


def differs(optimiser: Optimiser, steps: DrawnSteps) -> str:
    """Where the optimiser is another one than PyTorch's, in words; empty where it is the same within rounding."""
    theirs = by_torch(steps)
    with exact.bits(exact.LADDER[0][0]):
        truth = [exact.to_float(w) for w in _taken(optimiser, steps, exact.lift)]
    watch = balls.Watch(DTYPE)
    with balls.run_at(DTYPE, balls.SLACK_BITS):
        reach = [balls.radii(w) for w in _taken(optimiser, steps, lambda a: watch.lift(a, DTYPE))]
    for number, (ours, radius, other) in enumerate(zip(truth, reach, theirs, strict=True), start=1):
        off = abs(other - ours) > balls.SLACK * radius
        if off.any():
            at = tuple(map(int, np.argwhere(off)[0]))
            return f"after step {number} the parameter at {list(at)} is {ours[at]:.6g}, PyTorch's {other[at]:.6g}"
    return ""


def _taken(optimiser: Optimiser, steps: DrawnSteps, lift: Any) -> list[np.ndarray]:
    """The parameters after each step, in the numbers that `lift` makes."""
    now: Any = {"w": lift(steps.start)}
    state, found = optimiser.init(now), []
    for grad in steps.grads:
        now, state = optimiser.step(now, {"w": lift(grad)}, state, **steps.options)
        found.append(now["w"])
    return found


def by_torch(steps: DrawnSteps) -> list[np.ndarray]:
    """PyTorch's parameters after each step. Raises Unavailable where it is not installed."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product of momenta in the default dtype, not in that of w
    try:
        return _by_torch(steps)
    finally:
        torch.set_default_dtype(before)


def _by_torch(steps: DrawnSteps) -> list[np.ndarray]:
    w = torch.tensor(steps.start, requires_grad=True)
    optimiser = getattr(torch.optim, TWINS[steps.optimiser].name)([w], **steps.options)
    found = []
    for grad in steps.grads:
        w.grad = torch.tensor(grad)
        optimiser.step()
        found.append(w.detach().numpy().copy())
    return found
