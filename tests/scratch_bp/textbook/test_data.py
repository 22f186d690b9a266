"""Data is checked where it enters, and what is wrong with it is said by row and column."""

import sys

import numpy as np
import pytest

from scratch_bp.data import DataError, Examples, load_digits, load_npz, one_hot, split


def rows(count=20, features=4, classes=3):
    rng = np.random.default_rng(0)
    return rng.random((count, features)), rng.integers(0, classes, count)


def with_value(value, row=17, column=3):
    x, y = rows()
    x[row, column] = value
    return x, y


X, Y = rows()
BAD = [
    (*with_value(np.nan), r"row 17, column 3 of x is nan; remove or impute \(1 of its 80 values"),
    (*with_value(-np.inf), "row 17, column 3 of x is -inf; remove or impute"),
    (X[0], Y[:1], r"one example per row, \[rows, features\]; got shape \[4\]"),
    (X.reshape(4, 5, 4), Y, r"got shape \[4, 5, 4\]"),
    (X[:0], Y[:0], "x is empty: 0 rows of 4 features"),
    (X[:, :0], Y, "x is empty: 20 rows of 0 features"),
    (X.astype(str), Y, "x holds real numbers"),
    (X > 0.5, Y, "x holds real numbers, got bool"),
    (X, Y[:7], "x has 20 rows and y has 7"),
    (X, Y[:, None], r"one integer class per row, \[rows\]; got shape \[20, 1\]"),
    (X, Y.astype(float), "got shape .20. of float64"),
    (X, np.where(np.arange(20) == 6, -1, Y), r"a label is in 0..2 for 3 classes; row 6 of y is -1"),
    (X[:1], Y[:1], "holding rows back needs two rows or more"),
]


@pytest.mark.parametrize(("x", "y", "message"), BAD)
def test_data_that_nothing_can_be_learned_from_is_refused(x, y, message):
    with pytest.raises(DataError, match=message):
        split("bad", x, y)


def test_a_label_beyond_the_classes_is_refused():
    with pytest.raises(DataError, match=r"a label is in 0..1 for 2 classes; row \d+ of y is 2"):
        split("bad", X, Y, classes=2)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, np.nan])
def test_a_share_outside_0_and_1_is_refused(share):
    with pytest.raises(DataError, match="0 < test_share < 1"):
        split("bad", X, Y, test_share=share)


def test_a_value_beyond_the_range_of_the_dtype_is_refused():
    with pytest.raises(DataError, match="is inf; remove or impute"):
        split("bad", *with_value(1e300), dtype="float32")


def test_a_split_loses_no_row_and_repeats_none():
    data = split("rows", np.arange(40.0).reshape(20, 2), np.arange(20) % 3, test_share=0.25, seed=3)
    assert (len(data.train), len(data.test)) == (15, 5)
    both = [(row[0], label) for part in (data.train, data.test) for row, label in zip(part.x, part.labels, strict=True)]
    assert sorted(both) == [(2.0 * i, i % 3) for i in range(20)]


def test_the_seed_alone_decides_the_split():
    one, same, other = (split("rows", X, Y, seed=seed) for seed in (1, 1, 2))
    assert (one.train.x == same.train.x).all()
    assert (one.train.x != other.train.x).any()


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_neither_part_is_ever_empty(share):
    data = split("rows", X, Y, test_share=share)
    assert min(len(data.train), len(data.test)) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_as_rows(dtype):
    assert one_hot(np.array([2, 0]), 3, dtype).tolist() == [[0, 0, 1], [1, 0, 0]]
    examples = Examples(X.astype(dtype), Y, 3)
    assert examples.y.dtype == dtype
    assert (examples.y.argmax(axis=1) == Y).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_digits_are_the_real_ones(dtype):
    data = load_digits(dtype=dtype)
    assert (data.train.x.shape, data.test.x.shape) == ((1438, 64), (359, 64))
    assert data.train.x.dtype == dtype
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)
    # sixteenths: the same numbers at every dtype
    assert (data.train.x * 16 == np.round(data.train.x * 16)).all()
    assert np.bincount(np.concatenate([data.train.labels, data.test.labels])).tolist() == [
        *(178, 182, 177, 183, 181),
        *(182, 181, 179, 174, 180),
    ]


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "backcheck\[data\]"'):
        load_digits()


def test_an_archive_is_read_back(tmp_path):
    np.savez(tmp_path / "mine.npz", x=X.astype("float32"), y=Y)
    data = load_npz(tmp_path / "mine.npz", seed=1, dtype="float32")
    want = split("mine", X, Y, seed=1, dtype="float32")
    assert data.name == "mine"
    assert (data.train.x == want.train.x).all()
    assert (data.test.labels == want.test.labels).all()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no such file: .*absent\.npz"):
        load_npz(tmp_path / "absent.npz")


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "mine.npz", x=X, labels=Y)
    with pytest.raises(DataError, match=r"has no array 'y', only \['labels', 'x'\]; write it with np.savez"):
        load_npz(tmp_path / "mine.npz")


def write_text(path):
    path.write_text("not an archive")


def write_nothing(path):
    path.write_bytes(b"")


def write_bare(path):
    with path.open("wb") as file:
        np.save(file, X)


def write_objects(path):
    np.savez(path, x=X, y=np.array([{}, None], dtype=object))


def write_half(path):
    np.savez(path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize("write", [write_text, write_nothing, write_bare, write_objects, write_half])
def test_what_is_no_archive_of_x_and_y_is_refused(tmp_path, write):
    write(tmp_path / "mine.npz")
    with pytest.raises(DataError, match=r"mine\.npz (is not a whole |holds one bare array)"):
        load_npz(tmp_path / "mine.npz")


@pytest.mark.parametrize(("x", "y", "message"), BAD)
def test_an_archive_is_checked_like_any_data(tmp_path, x, y, message):
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    with pytest.raises(DataError, match=message):
        load_npz(tmp_path / "mine.npz")
