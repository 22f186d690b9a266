"""Learning rates by step t = 0, 1, 2, ... as pure functions schedule(t, *, lr, ...) -> lr of that step.

Names and defaults are those of torch.optim.lr_scheduler.
"""

import math
from collections.abc import Callable, Mapping


def step_lr(t: int, *, lr: float, step_size: int, gamma: float = 0.1) -> float:
    """lr gamma^(t // step_size): every `step_size` steps the rate is multiplied by `gamma`."""
    _whole("step_lr", t=t, step_size=step_size)
    return lr * gamma ** (t // step_size)


def cosine_annealing_lr(t: int, *, lr: float, T_max: int, eta_min: float = 0.0) -> float:
    """Half a cosine from lr down to eta_min at T_max, and up again after it (Loshchilov and Hutter, 2017)."""
    _whole("cosine_annealing_lr", t=t, T_max=T_max)
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2


def linear_lr(
    t: int, *, lr: float, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> float:
    """Warm-up: from lr start_factor in equal steps to lr end_factor at total_iters, and so it stays."""
    _whole("linear_lr", t=t, total_iters=total_iters)
    if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
        raise ValueError(
            "linear_lr: start_factor lies above 0 and up to 1, end_factor from 0 to 1; "
            f"got {start_factor=}, {end_factor=}"
        )
    return lr * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)


SCHEDULES: Mapping[str, Callable[..., float]] = {
    "step": step_lr,
    "cosine": cosine_annealing_lr,
    "warm-up": linear_lr,
}


def _whole(name: str, t: int, **periods: int) -> None:
    if t < 0:
        raise ValueError(f"{name}: the step must be 0 or more, got {t}")
    for option, value in periods.items():
        if value < 1:
            raise ValueError(f"{name}: {option} must be 1 or more, got {value}")
