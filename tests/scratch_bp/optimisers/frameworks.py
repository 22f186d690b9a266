"""The same optimisers in PyTorch and optax, and gradients of a network as it learns."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frameworks.torch_oracle import to_numpy
from scratch_bp.data import load_digits
from scratch_bp.train import Settings, steps

Arrays = Mapping[str, np.ndarray]
STEPS = 50


class Setting(NamedTuple):
    """An optimiser of ours with options for its start and its steps, PyTorch's and optax's of the same meaning."""

    name: str
    options: Mapping[str, Any]
    torch: Callable[..., Any] | None
    optax: Callable[..., Any] | None
    start: Mapping[str, Any] = {}


def _torch(name: str, **options: Any) -> Callable[..., Any]:
    def make(params: Any) -> Any:
        import torch

        return getattr(torch.optim, name)(params, **options)

    return make


def _optax(build: Callable[[Any], Any]) -> Callable[[], Any]:
    def make() -> Any:
        import optax

        return build(optax)

    return make


SETTINGS: Mapping[str, Setting] = {
    "sgd": Setting("sgd", {"lr": 0.5}, _torch("SGD", lr=0.5), _optax(lambda o: o.sgd(0.5))),
    "sgd, momentum": Setting(
        "sgd", {"lr": 0.1, "momentum": 0.9}, _torch("SGD", lr=0.1, momentum=0.9), _optax(lambda o: o.sgd(0.1, 0.9))
    ),
    "sgd, dampening and decay": Setting(
        "sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
        _torch("SGD", lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01), None,
    ),
    "sgd, nesterov": Setting(
        "sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        _torch("SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        _optax(lambda o: o.chain(o.add_decayed_weights(0.01), o.sgd(0.1, 0.9, nesterov=True))),
    ),
    "rmsprop": Setting("rmsprop", {}, _torch("RMSprop"), _optax(lambda o: o.rmsprop(0.01, 0.99, eps_in_sqrt=False))),
    "rmsprop, centred, momentum, decay": Setting(
        "rmsprop", {"alpha": 0.9, "centered": True, "momentum": 0.8, "weight_decay": 0.01, "eps": 1e-3},
        _torch("RMSprop", alpha=0.9, centered=True, momentum=0.8, weight_decay=0.01, eps=1e-3),
        _optax(lambda o: o.chain(
            o.add_decayed_weights(0.01),
            o.rmsprop(0.01, 0.9, eps=1e-3, eps_in_sqrt=False, centered=True, momentum=0.8),
        )),
    ),
    # optax has eps inside of the root: they are one method only without it
    "adagrad": Setting(
        "adagrad", {"eps": 0.0}, _torch("Adagrad", eps=0.0, initial_accumulator_value=0.1),
        _optax(lambda o: o.adagrad(0.01, eps=0.0)), {"initial_accumulator_value": 0.1},
    ),
    "adagrad, rate decay": Setting(
        "adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01},
        _torch("Adagrad", lr=0.1, lr_decay=0.1, weight_decay=0.01), None,
    ),
    "adadelta": Setting("adadelta", {}, _torch("Adadelta"), _optax(lambda o: o.adadelta(1.0))),
    "adadelta, decay": Setting(
        "adadelta", {"rho": 0.5, "weight_decay": 0.1, "eps": 1e-4},
        _torch("Adadelta", rho=0.5, weight_decay=0.1, eps=1e-4),
        _optax(lambda o: o.chain(o.add_decayed_weights(0.1), o.adadelta(1.0, 0.5, 1e-4))),
    ),
    "adam": Setting("adam", {}, _torch("Adam"), _optax(lambda o: o.adam(1e-3))),
    "adam, decay and betas": Setting(
        "adam", {"betas": (0.5, 0.9), "weight_decay": 0.1, "eps": 1e-3},
        _torch("Adam", betas=(0.5, 0.9), weight_decay=0.1, eps=1e-3),
        _optax(lambda o: o.chain(o.add_decayed_weights(0.1), o.adam(1e-3, 0.5, 0.9, eps=1e-3))),
    ),
    # optax takes the largest of the unbiased averages, PyTorch and the paper of the biased ones
    "amsgrad": Setting(
        "adam", {"amsgrad": True, "betas": (0.9, 0.5)}, _torch("Adam", amsgrad=True, betas=(0.9, 0.5)), None
    ),
    "adamw": Setting(
        "adamw", {"lr": 0.01, "weight_decay": 0.1}, _torch("AdamW", lr=0.01, weight_decay=0.1),
        _optax(lambda o: o.adamw(0.01, weight_decay=0.1)),
    ),
    # optax's nadam has a constant momentum: another method
    "nadam": Setting("nadam", {}, _torch("NAdam"), None),
    "nadam, decoupled decay": Setting(
        "nadam", {"weight_decay": 0.1, "momentum_decay": 0.1, "decoupled_weight_decay": True},
        _torch("NAdam", weight_decay=0.1, momentum_decay=0.1, decoupled_weight_decay=True), None,
    ),
    # PyTorch has no Lion
    "lion": Setting(
        "lion", {"lr": 1e-3, "weight_decay": 0.1}, None, _optax(lambda o: o.lion(1e-3, weight_decay=0.1))
    ),
}  # fmt: skip


@cache
def learning(dtype: str) -> tuple[Arrays, tuple[Arrays, ...]]:
    """The first parameters of a network of 12-5-10 neurons, and its gradients over 50 steps on real digits.

    Only the brightest pixels are its inputs: a pixel that is always dark gives gradients that are nothing but zeros.
    """
    data = load_digits(seed=0, dtype=dtype)
    bright = np.sort(np.argsort(-data.train.x.mean(0))[:12])
    parts = {name: replace(part, x=part.x[:, bright]) for name, part in (("train", data.train), ("test", data.test))}
    settings = Settings(sizes=(12, 5, 10), batch=32, epochs=2, eta=0.5)
    taken = list(itertools.islice(steps(replace(data, **parts), settings), STEPS))
    names = ("w1", "w2")
    grads = tuple({name: step.grads[name] for name in names} for step in taken)
    return {name: taken[0].arrays[name] for name in names}, grads


def by_torch(
    make: Callable[..., Any], params: Arrays, grads: tuple[Arrays, ...], default: Any = None
) -> Iterator[Arrays]:
    """The parameters after each step, with PyTorch's default dtype that of the parameters unless said."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(default or torch.tensor(params["w1"]).dtype)
    try:
        yield from _by_torch(make, params, grads)
    finally:
        torch.set_default_dtype(before)


def _by_torch(make: Callable[..., Any], params: Arrays, grads: tuple[Arrays, ...]) -> Iterator[Arrays]:
    import torch

    tensors = {name: torch.tensor(w, requires_grad=True) for name, w in params.items()}
    optimiser = make(list(tensors.values()))
    for step in grads:
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(step[name])
        optimiser.step()
        yield {name: to_numpy(t.detach().clone(), params[name].dtype) for name, t in tensors.items()}


def by_optax(make: Callable[[], Any], params: Arrays, grads: tuple[Arrays, ...]) -> Iterator[Arrays]:
    import optax

    from backcheck_reference.frameworks.jax_oracle import prepare

    prepare()
    optimiser, now = make(), dict(params)
    state = optimiser.init(now)
    for step in grads:
        updates, state = optimiser.update(dict(step), state, now)
        now = optax.apply_updates(now, updates)
        yield {name: np.asarray(w) for name, w in now.items()}
