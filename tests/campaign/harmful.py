"""A subject that does harm in the backward of some arrays: HARM says of which, by their fingerprint, and what.

HARM_IMPORT is the harm that its import does in a worker, and not in the command's own process.
"""

import json
import os
import signal
import time
from multiprocessing import parent_process

import numpy as np

from scratch_bp.rules import RULES
from tests.campaign.deadly import fingerprint

HARM = json.loads(os.environ.get("HARM", "{}"))


def loop():
    while True:
        pass


def hang_in_c():
    sum(iter(int, 1))  # it keeps Python's lock, and looks at no signal


def take_memory():
    held = [np.ones(10**7) for _ in range(20)]
    time.sleep(len(held))


KINDS = {
    "loop": loop,
    "sleep": lambda: time.sleep(1000),
    "c": hang_in_c,
    "memory": take_memory,
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


def forward(x):
    y, _ = RULES["tanh"].forward(x)
    return y, (x, y)


def backward(saved, dy):
    x, y = saved
    if x.dtype != object and (kind := HARM.get(fingerprint(x))):
        KINDS[kind]()
    return (dy * (1 - y * y),)


if (at_import := os.environ.get("HARM_IMPORT")) and parent_process() is not None:
    KINDS[at_import]()
TABLE = {"tanh": (forward, backward)}
