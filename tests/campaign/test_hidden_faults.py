"""What hides a wrong gradient is drawn: each of these faults shows within 100 networks of its rule."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from backcheck.campaign.recipe import Recipe, draw
from backcheck.problem import SUBJECT
from backcheck.verdicts.cases import check_case
from scratch_bp.rules import RULES, Rule

NETWORKS = 100


def planted(name: str, spoil: Callable, at: int = 0) -> Mapping[str, Rule]:
    """The table with gradient `at` of one rule spoiled: `spoil(gradient, arrays, config, dy)` gives the wrong one."""
    right = RULES[name]

    def forward(*arrays: Any, **config: Any) -> tuple[Any, Any]:
        y, saved = right.forward(*arrays, **config)
        return y, (saved, arrays, config)

    def backward(kept: Any, dy: Any) -> tuple[Any, ...]:
        saved, arrays, config = kept
        grads = list(right.backward(saved, dy))
        grads[at] = spoil(grads[at], arrays, config, dy)
        return tuple(grads)

    return {**RULES, name: Rule(forward, backward)}


def where(holds: Callable[[tuple, Mapping], bool]) -> Callable:
    """Half too large where the shapes and options are so."""
    return lambda grad, arrays, config, dy: grad + grad / 2 if holds(arrays, config) else grad


def entries(holds: Callable[[np.ndarray], np.ndarray]) -> Callable:
    """Twice as large in the entries of x that are so."""
    return lambda grad, arrays, config, dy: np.where(holds(arrays[0]), grad + grad, grad)


def in_memory_order(grad: Any, arrays: tuple, config: Mapping, dy: np.ndarray) -> np.ndarray:
    return np.asarray(dy).ravel("K").reshape(dy.shape) * 2 if dy.dtype != object else dy * 2


def of_buffer(grad: Any, arrays: tuple, config: Mapping, dy: np.ndarray) -> np.ndarray:
    """x read as its memory has it."""
    x = arrays[0] if arrays[0].flags.forc else arrays[0].copy()
    return 2 * dy * (x.ravel(order="A").reshape(x.shape) if x.dtype != object else x)


def axes_of(config: Mapping) -> tuple:
    dim = config.get("dim")
    return dim if isinstance(dim, tuple) else (dim,)


def kernel(arrays: tuple) -> tuple[int, ...]:
    return arrays[1].shape[2:]


def beyond_exp(x: np.ndarray) -> np.ndarray:
    """Beyond half of what the exponential can be given in the dtype."""
    if x.dtype == object:
        return x > 1e9
    return x > np.log(np.finfo(x.dtype).max) * 0.999


FAULTS: Mapping[str, tuple[str, Callable, int]] = {
    "conv2d: dw, a batch above 1": ("conv2d", where(lambda a, c: len(a[0]) > 1), 1),
    "group norm: some groups": ("group_norm", where(lambda a, c: 1 < c["num_groups"] < a[0].shape[1]), 0),
    "batch norm: four axes": ("batch_norm", where(lambda a, c: a[0].ndim == 4), 0),
    "local response norm": ("local_response_norm", where(lambda a, c: a[0].shape[1] > 1), 0),
    "softmax: axis 1 of four": ("softmax", where(lambda a, c: a[0].ndim == 4 and c.get("dim") in (1, -3)), 0),
    "attention: heads wider than 1": (
        "multi_head_attention", where(lambda a, c: 1 < c["num_heads"] < a[0].shape[-1]), 1),
    "max pool: images not square": ("max_pool2d", where(lambda a, c: a[0].shape[2] != a[0].shape[3]), 0),
    "lstm: more than two steps, several samples": ("lstm", where(lambda a, c: len(a[0]) > 2 and a[0].shape[1] > 1), 0),
    "dense: inputs above 16": ("dense", where(lambda a, c: a[0].shape[-1] > 16), 1),
    "conv2d: stride 3": ("conv2d", where(lambda a, c: c.get("stride") == 3), 0),
    "conv1d: kernel 5": ("conv1d", where(lambda a, c: kernel(a) == (5,)), 1),
    "sum: a negative axis in the middle": ("sum", where(lambda a, c: a[0].ndim > 2 and -2 in axes_of(c)), 0),
    "multiply: an outer product": (
        "multiply", where(lambda a, c: sorted([a[0].shape[-2:], a[1].shape[-2:]])[0][:1] == (1,)
                          and 1 in a[0].shape[-2:] and 1 in a[1].shape[-2:]
                          and np.broadcast(*a).size > max(a[0].size, a[1].size)), 0),
    "exp: a window": ("exp", entries(lambda x: (x > 20.5) & (x < 20.75)), 0),
    "softsign: a guard": ("softsign", entries(lambda x: abs(x) > 30), 0),
    "square: one step above a literal": ("square", entries(lambda x: (x > 0.4375) & (x < 0.4376)), 0),
    "square: where a square passes a literal": ("square", entries(lambda x: (x * x > 71.5) & (x * x < 74.5)), 0),
    "exp: near the end of the dtype": ("exp", entries(beyond_exp), 0),
    "identity: memory order of dy": ("identity", in_memory_order, 0),
    "square: memory order of x": ("square", of_buffer, 0),
}  # fmt: skip


def networks_until_found(name: str, table: Mapping[str, Rule], seed: int) -> int:
    """How many networks of the rule it takes; more than there are where none shows the fault."""
    recipe = Recipe(NETWORKS, seed, rules=(name,), oracles=("exact",))
    for network in range(NETWORKS):
        found = check_case(draw(recipe, network, table), table, ("exact",)).disagreements
        if any(party in (SUBJECT, "exact") for _, party in found):
            return network + 1
    return NETWORKS + 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_hidden_fault_is_found_within_100_networks(fault):
    name, spoil, at = FAULTS[fault]
    assert networks_until_found(name, planted(name, spoil, at), seed=3) <= NETWORKS
