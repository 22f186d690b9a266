"""What is no ball, and is met where balls are expected, is an exception: flint's own methods would end the process."""

import subprocess
import sys

SCRIPT = """
import flint, numpy as np
import backcheck
from backcheck_reference.frontends.numpy_code.arrays import ExactArray
from backcheck_reference.numbers import balls, exact, scalar_functions
from backcheck_reference.numbers.duals import Dual

def met(function, *given):
    try:
        function(*given)
    except Exception as error:
        assert not isinstance(error, MemoryError), error

for other in (Dual(0.5, 1.0), 0.5, 1, True, None, "a", flint.acb(1, 2), flint.fmpq(1, 2), np.float32(0.5), object()):
    array = np.empty(2, dtype=object)
    array[:] = [flint.arb(1), other]
    for ufunc in (*scalar_functions.METHODS, *scalar_functions.OF_NUMPY):
        inputs = [array] * getattr(ufunc, "nin", 1)  # some of SciPy's are plain functions
        met(scalar_functions.direct(ufunc), *inputs)
        met(scalar_functions.OF_NUMPY.get(ufunc, ufunc), *inputs)
        met(ufunc, *(each.view(ExactArray) for each in inputs))
    for loop in scalar_functions.LOOPS.values():
        met(loop, *[array] * loop.nin)
    for look in (exact.zeros, exact.unseen, exact.to_float, exact.total, balls.radii, scalar_functions.ISFINITE):
        met(look, array)
    met(exact.overlap, array, array[::-1])
    met(exact.require_finite, "it", array)

# clipped where it does not matter, and a backward that is wrong by the first factor
x = np.zeros((1, 3))
x[0, 0] = 1
forward = lambda x, w: ((y := np.clip(np.exp(-(x @ w)), -5, 5)), (x, w, y))
backward = lambda saved, dy: ((dy * saved[2]) @ saved[1].T, saved[0].T @ (dy * saved[2]))
print(backcheck.check_vjp(forward, backward, x, np.array([[0.5], [1.0], [2.0]])))
print("lives")
"""


def test_the_process_lives_whatever_it_meets_among_balls():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-600:]
    assert done.stdout.startswith("DISAGREE")
    assert done.stdout.endswith("lives\n")
