"""The line that lost the exact numbers is named, and nothing is said of lines that did not."""

import importlib.util
import sys
import textwrap

import numpy as np
import pytest

from backcheck_reference.frontends.numpy_code import leak
from backcheck_reference.numbers import balls, exact

HEAD = """\
import math
import numpy as np
from numpy import array, zeros
from scipy import special


class Layer:
    scale = 0.1


"""
PLANTED = {
    "math.exp": (
        """
        def f(x):
            y = np.tanh(x)
            c = math.exp(y[0])
            return y * c
        """,
        "`c = math.exp(y[0])` turns exact numbers into float64",
    ),
    "within an expression": (
        """
        def f(x):
            y = np.tanh(x)
            return y * math.exp(y[0])
        """,
        "`return y * math.exp(y[0])` turns exact numbers into float64",
    ),
    "an argument": (
        """
        def times(x, c):
            return x * c

        def f(x):
            return times(x, float(x.sum()))
        """,
        "`return times(x, float(x.sum()))` turns exact numbers into float64",
    ),
    "a bare zeros": (
        """
        def f(x):
            out = zeros(x.shape)
            for i in range(len(x)):
                out[i] = x[i] ** 2
            return out
        """,
        "`out[i] = x[i] ** 2` turns exact numbers into float64",
    ),
    "float": (
        """
        def f(x):
            total = float(x.sum())
            return x / total
        """,
        "`total = float(x.sum())` turns exact numbers into float64",
    ),
    "tolist": (
        """
        def f(x):
            values = [math.sqrt(v) for v in (x * x).tolist()]
            return np.array(values)
        """,
        "`values = [math.sqrt(v) for v in (x * x).tolist()]` turns exact numbers into float64",
    ),
    "float32": (
        """
        def f(x):
            y = np.float32(x[0])
            return x * y
        """,
        "`y = np.float32(x[0])` turns exact numbers into float32",
    ),
    "an attribute": (
        """
        def f(x):
            layer = Layer()
            layer.kept = [array(x, dtype=float)]
            return layer.kept[0]
        """,
        "`layer.kept = [array(x, dtype=float)]` turns exact numbers into float64",
    ),
    "returned": (
        """
        def f(x):
            return array(x, dtype=float)
        """,
        "`return array(x, dtype=float)` turns exact numbers into float64",
    ),
}
SOUND = {
    "exact": """
        def f(x):
            out = np.zeros(x.shape)
            for i, v in enumerate(x):
                out[i] = v * Layer.scale
            return out + np.random.rand(len(x)) * math.exp(2.0)
        """,
    "random": """
        def f(x):
            noise = np.random.default_rng().normal(size=x.shape)
            return x * noise
        """,
    "printed": """
        def f(x):
            said = f"{x.sum():.3f} {x}"
            return x * 1.0 if said else x
        """,
}


@pytest.fixture
def load(tmp_path):
    def module(source):
        path = tmp_path / "my_layer.py"
        path.write_text(HEAD + textwrap.dedent(source).strip() + "\n")
        spec = importlib.util.spec_from_file_location("my_layer", path)
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made, path.read_text().splitlines()

    return module


def said_of(module, array=(0.3, -1.2, 2.0)):
    with exact.bits(256):
        return leak.where_it_left(module.f, [exact.lift(np.array(array))])


@pytest.mark.parametrize(("source", "want"), PLANTED.values(), ids=PLANTED.keys())
def test_the_line_is_named(load, source, want):
    module, lines = load(source)
    code = want.split("`")[1]
    number = 1 + next(i for i, line in enumerate(lines) if line.strip() == code)
    assert said_of(module) == f"my_layer.py, line {number}: {want}"


@pytest.mark.parametrize("source", SOUND.values(), ids=SOUND.keys())
def test_sound_code_is_not_blamed(load, source):
    assert said_of(load(source)[0]) == ""


@pytest.mark.parametrize(("source", "leaks"), [(PLANTED["math.exp"][0], True), (SOUND["exact"], False)])
def test_balls_leak_at_the_same_line(load, source, leaks):
    module, _ = load(source)
    with balls.run_at("float64", balls.SLACK_BITS):
        said = leak.where_it_left(module.f, [balls.Watch("float64").lift(np.array([0.3, 2.0]), "float64")])
    assert ("math.exp" in said) == leaks
    assert bool(said) == leaks


def test_other_arguments_stay_as_they_are():
    def function(x, scale, name):
        assert (scale, name) == (0.5, "n")
        kept = scale * 2
        lost = kept * float(x[0])
        return x * lost

    with exact.bits(256):
        said = leak.where_it_left(function, [exact.lift(np.ones(2)), 0.5, "n"])
    assert "`lost = kept * float(x[0])`" in said


def test_an_error_names_the_line_and_hides_no_leak_before_it(load):
    module, lines = load("""
        def f(x):
            y = math.exp(x[0])
            return np.fft.fft(x) + y
        """)
    assert "`y = math.exp(x[0])`" in said_of(module)
    with exact.bits(256), pytest.raises(TypeError) as caught:
        module.f(exact.lift(np.ones(3)))
    said = leak.where_it_stopped(caught.value)
    assert said.startswith(f"my_layer.py, line {len(lines)}: `return np.fft.fft(x) + y` stopped with TypeError: ")
    assert "\n" not in said


def test_an_error_that_is_nobodys_says_nothing():
    assert leak.where_it_stopped(ValueError("never raised")) == ""


def test_no_trace_function_is_left(load):
    before, calls = sys.gettrace(), []

    def tracer(frame, event, arg):
        calls.append(event)

    sys.settrace(tracer)
    try:
        for source in (PLANTED["float"][0], "def f(x):\n    raise ValueError(x)\n"):
            said_of(load(source)[0])
            assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
