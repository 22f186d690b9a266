"""Helpers of another module than the forward's, each with a small constant somewhere."""

import types
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

EPS = 1e-6
CONFIG = {"eps": 1e-6, "name": "log"}
SPACE = types.SimpleNamespace(eps=1e-6)


def safe_log(p, eps=1e-6):
    return np.log(p + eps)


def through_another(p):
    return _inner(p)


def _inner(p):
    return np.log(p + EPS)


@dataclass(frozen=True)
class Options:
    eps: float = 1e-6


class Named(NamedTuple):
    eps: float = 1e-6


class Space:
    eps = 1e-6

    @staticmethod
    def log(p):
        return np.log(p + 1e-6)


class SafeLog:
    def __init__(self):
        self.eps = 1e-6

    def __call__(self, p):
        return np.log(p + self.eps)

    def log(self, p):
        return np.log(p + self.eps)
