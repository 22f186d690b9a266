"""The compiled code of numpy.random, which exact buffers must be kept from.

It calls `np.empty` and leaves no frame that would tell who calls, and it fills what it gets with the bits of floats:
that would destroy an array of Python objects. Its modules hold NumPy under a global name, and are given a NumPy of
their own there for as long as the replacements in `buffers` stand.
"""

import importlib
import sys
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable

Names = dict[str, Any]


def random_modules() -> dict[str, tuple[Names, list[str]]]:
    """The modules of numpy.random: all names of each, and those of them that stand for NumPy.

    They are private to NumPy, which may rename them: they are found by what they hold. Raises Unavailable where a
    generator's module holds no NumPy, since nothing would keep its floats out of exact buffers.
    """
    importlib.import_module("numpy.random")  # NumPy itself imports it on first use
    modules = {name: vars(module) for name, module in list(sys.modules.items()) if name.startswith("numpy.random.")}
    found = {module: (names, [name for name in names if names[name] is np]) for module, names in modules.items()}
    for owner in (np.random.Generator, np.random.RandomState, np.random.BitGenerator):
        if not found.get(owner.__module__, ({}, []))[1]:
            raise Unavailable(
                f"exact arithmetic is not available for this code: in NumPy {np.__version__} {owner.__module__} cannot "
                "be kept from writing floats into exact buffers"
            )
    return found
