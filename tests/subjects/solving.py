"""Functions that solve to a tolerance on floats alone, and their backward passes by the implicit function theorem."""

import math
from typing import Any

import numpy as np
from scipy import integrate, optimize


def cubic_backward(y: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Of y^3 + y = x."""
    return dy / (3 * y * y + 1)


def by_brentq(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.array([optimize.brentq(lambda t, v=v: t**3 + t - v, -20, 20, xtol=1e-12) for v in x])
    return y, y


def by_fsolve(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = optimize.fsolve(lambda t: t**3 + t - x, np.zeros_like(x))
    return y, y


def by_newton(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.array(list(map(_newton, x.tolist())))
    return y, y


def _newton(v: float) -> float:
    t, step = 0.0, 1.0
    while abs(step) >= 1e-7:
        step = (t**3 + t - v) / (3 * t * t + 1)
        t -= step
    return t


def by_halving(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.array(list(map(_halving, x.tolist())))
    return y, y


def _halving(v: float) -> float:
    low, high = -20.0, 20.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 + middle < v else (low, middle)
    return (low + high) / 2


def fixed_point(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.array(list(map(_fixed_point, x.tolist())))
    return y, y


def _fixed_point(v: float) -> float:
    t, before = 0.0, 1.0
    while abs(t - before) >= 1e-6:
        t, before = math.cos(t) * 0.5 + v * 0.3, t
    return t


def fixed_point_backward(y: np.ndarray, dy: np.ndarray) -> np.ndarray:
    return dy * 0.3 / (1 + 0.5 * np.sin(y))


def by_odeint(x: np.ndarray) -> tuple[np.ndarray, None]:
    return integrate.odeint(lambda u, _: -u, x, [0, 1])[-1], None


def by_solve_ivp(x: np.ndarray) -> tuple[np.ndarray, None]:
    return integrate.solve_ivp(lambda _, u: -u, (0, 1), x, rtol=1e-10, atol=1e-12).y[:, -1], None


def decay_backward(_: Any, dy: np.ndarray) -> np.ndarray:
    """Of u' = -u from 0 to 1."""
    return dy * np.exp(-1.0)


SOLVED = {
    "brentq": (by_brentq, cubic_backward),
    "fsolve": (by_fsolve, cubic_backward),
    "newton": (by_newton, cubic_backward),
    "halving": (by_halving, cubic_backward),
    "fixed point": (fixed_point, fixed_point_backward),
    "odeint": (by_odeint, decay_backward),
    "solve_ivp": (by_solve_ivp, decay_backward),
}
