"""A subject in whose company PyTorch, or a rule of its own, ends the process at one array.

Where DEADLY says who, importing this has PyTorch answer nothing: what is tested is how a run lives on, in processes
that start fast.
"""

import hashlib
import os

from backcheck.campaign import shard
from backcheck.verdicts import parties
from backcheck_reference.lazy import Unavailable
from scratch_bp.rules import RULES, Rule

WHO, WHERE = os.environ.get("DEADLY", ""), os.environ.get("DEADLY_ARRAY", "")


def fingerprint(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def torch(program, arrays, dy, wanted, mirrors):
    if WHO == "torch" and WHERE in map(fingerprint, arrays.values()):
        os.write(2, b"F1126 01:44:57.776126    8504 kernel.cc:586] Check failed: it fits\nand more\n")
        os.abort()
    raise Unavailable("not asked")


def tanh(x):
    if WHO == "subject" and fingerprint(x) == WHERE:
        os.abort()  # nothing in the process can catch it
    return RULES["tanh"].forward(x)


if WHO:
    shard.calm = lambda: None
    parties.FRAMEWORKS["torch"] = torch
TABLE = {"tanh": Rule(tanh, RULES["tanh"].backward)}
