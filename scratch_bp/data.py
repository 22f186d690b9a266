"""Labelled examples to learn from: checked once, where they enter, so that training meets no surprise."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, DTypeLike


class DataError(ValueError):
    """Data that nothing can be learned from: missing, empty, not finite, or labels that do not fit."""


@dataclass(frozen=True, slots=True)
class Examples:
    """`x` [rows, features], all finite, and the class of each row, `labels` [rows], in 0..classes-1."""

    x: np.ndarray
    labels: np.ndarray
    classes: int

    def __post_init__(self) -> None:
        _check_features(self.x)
        _check_labels(self.labels, len(self.x), self.classes)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def y(self) -> np.ndarray:
        """The labels as rows [rows, classes] in the dtype of x: 1 at the class, 0 elsewhere."""
        return one_hot(self.labels, self.classes, self.x.dtype)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples to learn from, and others held back to test on."""

    name: str
    train: Examples
    test: Examples


def one_hot(labels: np.ndarray, classes: int, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Class indices [rows] as rows [rows, classes]: 1 at the class, 0 elsewhere."""
    hot: np.ndarray = np.eye(classes, dtype=dtype)[labels]
    return hot


def split(
    name: str,
    x: ArrayLike,
    labels: ArrayLike,
    *,
    classes: int | None = None,
    test_share: float = 0.2,
    seed: int = 0,
    dtype: DTypeLike = np.float64,
) -> Dataset:
    """Shuffle the rows of x [rows, features] and labels [rows] by `seed`, and hold the share `test_share` of them back.

    `classes` is the highest label plus one unless given. Raises DataError for anything that `Examples` forbids, for
    fewer than two rows and for a share that is not between 0 and 1.
    """
    whole = _examples(np.asarray(x), np.asarray(labels), classes)
    if len(whole) < 2 or not 0 < test_share < 1:
        raise DataError(
            f"holding rows back needs two rows or more and 0 < test_share < 1; got {len(whole)} and {test_share}"
        )
    order = np.random.default_rng(seed).permutation(len(whole))
    held = min(max(round(test_share * len(whole)), 1), len(whole) - 1)
    return Dataset(name, _take(whole, order[held:], dtype), _take(whole, order[:held], dtype))


def load_digits(*, test_share: float = 0.2, seed: int = 0, dtype: DTypeLike = np.float64) -> Dataset:
    """1,797 handwritten digits as rows of 8 x 8 pixels in [0, 1], classes 0..9: 1,438 to learn from and 359 to test on.

    The data (Alpaydin and Kaynak, 1998, "Optical recognition of handwritten digits") comes inside scikit-learn: no
    download. Raises ModuleNotFoundError, with what to install, when scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits as digits
    except ImportError as error:
        raise ModuleNotFoundError(
            'the digits data comes with scikit-learn, which is not installed: pip install "backcheck[data]"'
        ) from error
    pixels, labels = digits(return_X_y=True)
    # counts 0..16 divided by 16: exact at every dtype
    return split("digits", pixels / 16, labels, classes=10, test_share=test_share, seed=seed, dtype=dtype)


def load_npz(
    path: str | PathLike[str], *, test_share: float = 0.2, seed: int = 0, dtype: DTypeLike = np.float64
) -> Dataset:
    """The arrays x [rows, features] and y [rows], integer classes, of a file that `np.savez(path, x=x, y=y)` wrote.

    Raises DataError when there is no such file, it is no such archive, an array is missing or `Examples` forbids it.
    """
    arrays = _read(Path(path))
    for name in ("x", "y"):
        if name not in arrays:
            raise DataError(
                f"{path} has no array {name!r}, only {sorted(arrays)}; write it with np.savez(path, x=x, y=y)"
            )
    return split(Path(path).stem, arrays["x"], arrays["y"], test_share=test_share, seed=seed, dtype=dtype)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise DataError(f"no such file: {path}")
    try:
        # opened here: np.load leaves a broken archive open
        with path.open("rb") as file:
            archive = np.load(file)
            found = {} if isinstance(archive, np.ndarray) else {name: archive[name] for name in archive.files}
    except (BadZipFile, EOFError, OSError, ValueError) as error:
        # a ValueError is np.load's refusal of pickles, be it the whole file or one array of objects in it; in its own
        # words it advises to unpickle them all the same
        why = "it is another file, or has objects in it" if isinstance(error, ValueError) else str(error)
        raise DataError(f"{path} is not a whole .npz archive of numbers: {why}") from error
    if isinstance(archive, np.ndarray):
        raise DataError(f"{path} holds one bare array; x and y are wanted: np.savez(path, x=x, y=y)")
    return found


def _examples(x: np.ndarray, labels: np.ndarray, classes: int | None) -> Examples:
    if classes is None and labels.size and np.issubdtype(labels.dtype, np.integer):
        classes = max(int(labels.max()) + 1, 1)
    return Examples(x, labels, 1 if classes is None else classes)


def _take(examples: Examples, rows: np.ndarray, dtype: DTypeLike) -> Examples:
    # a float64 beyond the range of a smaller dtype becomes inf, which Examples then names
    with np.errstate(over="ignore"):
        return Examples(examples.x[rows].astype(dtype), examples.labels[rows], examples.classes)


def _check_features(x: np.ndarray) -> None:
    if not (np.issubdtype(x.dtype, np.floating) or np.issubdtype(x.dtype, np.integer)):
        raise DataError(f"x holds real numbers, got {x.dtype}")
    if x.ndim != 2:
        raise DataError(f"x holds one example per row, [rows, features]; got shape {list(x.shape)}")
    if x.size == 0:
        raise DataError(f"x is empty: {x.shape[0]} rows of {x.shape[1]} features")
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        row, column = bad[0]
        raise DataError(
            f"row {row}, column {column} of x is {x[row, column]}; remove or impute"
            f" ({len(bad)} of its {x.size} values are not finite)"
        )


def _check_labels(labels: np.ndarray, rows: int, classes: int) -> None:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"y holds one integer class per row, [rows]; got shape {list(labels.shape)} of {labels.dtype}")
    if len(labels) != rows:
        raise DataError(f"x has {rows} rows and y has {len(labels)}; every example needs its label")
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(bad):
        raise DataError(f"a label is in 0..{classes - 1} for {classes} classes; row {bad[0]} of y is {labels[bad[0]]}")
