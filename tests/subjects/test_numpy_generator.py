"""The state of NumPy's global generator: read from memory it is what NumPy reads, whatever was drawn."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from backcheck import check_vjp, numpy_generator
from backcheck_reports.record import Verdict

AGREE, DISAGREE = Verdict.AGREE, Verdict.DISAGREE


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    before = numpy_generator.get_state()
    yield
    numpy_generator.set_state(before)


CHANGES: dict[str, Callable[[], object]] = {
    "one number": np.random.random_sample,
    "one normal number, which leaves a second waiting": np.random.standard_normal,
    "two normal numbers": lambda: (np.random.standard_normal(), np.random.standard_normal()),
    "integers of a byte": lambda: np.random.bytes(1),
    "another seed": lambda: np.random.seed(3),
    "all numbers used up": lambda: np.random.random_sample(400),
    "another generator": lambda: np.random.set_bit_generator(np.random.PCG64(1)),
    "another Mersenne twister": lambda: np.random.set_bit_generator(np.random.MT19937(1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed_and_taken_back(change: Callable[[], object]) -> None:
    np.random.seed(0)
    before = numpy_generator.get_state()
    first = np.random.random_sample(3)
    numpy_generator.set_state(before)
    change()
    assert not numpy_generator.same(before, numpy_generator.get_state())
    numpy_generator.set_state(before)
    assert numpy_generator.same(before, numpy_generator.get_state())
    assert np.array_equal(np.random.random_sample(3), first)


def test_the_use_of_a_number_that_was_waiting_is_noticed() -> None:
    np.random.seed(0)
    np.random.standard_normal()
    waiting = numpy_generator.get_state()
    np.random.standard_normal()  # draws nothing from the generator's memory
    assert not numpy_generator.same(waiting, numpy_generator.get_state())


def test_what_is_read_from_memory_is_what_numpy_reads() -> None:
    for count in (1, 311, 312, 313, 700):
        np.random.random_sample(count)
        for _ in range(2):
            found, wanted = numpy_generator.get_state().state, np.random.get_state()
            assert found[0] == wanted[0]
            assert np.array_equal(found[1], wanted[1])
            assert found[2:] == wanted[2:]


def test_code_is_checked_where_the_global_generator_is_one_of_another_kind() -> None:
    """np.random.set_bit_generator(PCG64) is NumPy's own way to seed everything by something newer."""
    np.random.set_bit_generator(np.random.PCG64(5))
    before = numpy_generator.get_state()
    x = np.linspace(-1, 1, 6)
    assert check_vjp(lambda x: (x * x, x), lambda x, dy: 2 * x * dy, x).verdict is AGREE
    assert check_vjp(lambda x: (x * x, x), lambda x, dy: 3 * x * dy, x).verdict is DISAGREE

    def dropout(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        keep = np.random.random_sample(x.shape) < 0.5
        return x * keep, keep

    assert check_vjp(dropout, lambda keep, dy: dy * keep, x).verdict is AGREE
    assert check_vjp(dropout, lambda keep, dy: dy * (np.random.random_sample(6) < 0.5), x).verdict is DISAGREE
    assert numpy_generator.same(before, numpy_generator.get_state())
