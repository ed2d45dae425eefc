"""A design matrix that was checked, read in blocks, and the faults in it named by column.

Nothing here copies the matrix: every pass over it works on one block of rows at a time, so a fit needs the
data, one block and a few K × K matrices.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]
Rows = slice | NDArray[np.intp]

# Half a megabyte a block: the block and its scaled copy then stay in the processor's cache.
BLOCK_VALUES = 65_536

# Products of so few numbers run on one thread in the linear algebra library. Larger ones are slower here,
# since the threads mostly wait for each other, and add up in an order that depends on how many there are.
MATRIX_PRODUCT = 250_000
VECTOR_PRODUCT = 9_000

# Rows are divided into strips of so many blocks, which are summed side by side. Neither the division nor the
# order in which the sums are added depends on the number of threads.
STRIP_BLOCKS = 32

# Share of a column's sum of squares that the other columns must leave unexplained. Rounding in sums over
# millions of rows stays below 1e-13; a year beside a constant leaves 1e-6.
COLLINEAR_SHARE = 1e-10


@dataclass(frozen=True)
class Design:
    """Regressors, their names, and how many observations each row stands for.

    Attributes
    ----------
    matrix
        n × K, any real type; blocks are converted to float64 as they are read.
    names
        K names of the columns.
    weights
        n frequencies, or None where every row is one observation.
    named
        Whether the names were given, by a DataFrame or otherwise, and not made here.
    """

    matrix: NDArray[Any]
    names: tuple[str, ...]
    weights: FloatArray | None
    named: bool = True

    @property
    def n_rows(self) -> int:
        """Number of rows, whatever their weights."""
        return int(self.matrix.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of regressors, K."""
        return int(self.matrix.shape[1])

    @property
    def n_obs(self) -> float:
        """Number of observations: the sum of the weights, an int where it is whole."""
        return whole(self.n_rows if self.weights is None else float(self.weights.sum()))

    @property
    def block_rows(self) -> int:
        """Rows in one block."""
        return max(256, BLOCK_VALUES // self.n_columns)

    def take(self, rows: Rows) -> FloatArray:
        """Return some rows of the matrix as float64."""
        return np.asarray(self.matrix[rows], dtype=np.float64)

    def weights_of(self, rows: Rows) -> FloatArray | float:
        """Return the weights of some rows, 1.0 where there are none."""
        return 1.0 if self.weights is None else self.weights[rows]

    def blocks(self, strip: slice | None = None) -> Iterator[tuple[slice, FloatArray]]:
        """Read the matrix, or a strip of its rows, from top to bottom."""
        first, last = (0, self.n_rows) if strip is None else (strip.start, strip.stop)
        for start in range(first, last, self.block_rows):
            rows = slice(start, min(start + self.block_rows, last))
            yield rows, self.take(rows)

    def total(self, partial: Callable[[slice], tuple[FloatArray, ...]]) -> tuple[FloatArray, ...]:
        """Add up, over strips of rows, what ``partial`` sums over the blocks of one strip."""
        size = self.block_rows * STRIP_BLOCKS
        strips = [slice(start, min(start + size, self.n_rows)) for start in range(0, self.n_rows, size)]
        if len(strips) == 1:
            return partial(strips[0])
        with ThreadPoolExecutor(min(len(strips), _processors())) as pool:
            parts = pool.map(partial, strips)
            result = next(parts)
            for part in parts:
                result = tuple(a + b for a, b in zip(result, part, strict=True))
        return result


@dataclass(frozen=True)
class Moments:
    """Weighted sums over all rows.

    Attributes
    ----------
    gram
        X′WX, K × K.
    column_sums
        X′w, K.
    cross
        X′Y with Y the weighted outcomes, K × M.
    """

    gram: FloatArray
    column_sums: FloatArray
    cross: FloatArray


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def whole(value: float) -> float:
    """Return an int where a sum of frequencies is whole, so that counts print and store as counts."""
    return round(value) if abs(value - round(value)) <= 1e-9 * abs(value) else value


def labels(given: Sequence[object] | None, default: Sequence[object], what: str) -> tuple[str, ...]:
    """Return names as text, checked to be as many as needed and all different.

    Raises
    ------
    ValueError
        When there are too few or too many names, or a name occurs twice.
    """
    result = tuple(str(name) for name in (default if given is None else given))
    if len(result) != len(default):
        raise ValueError(f"{len(result)} {what} were given for {len(default)}.")
    twice = sorted({name for name in result if result.count(name) > 1})
    if twice:
        raise ValueError(f"The {what} must differ, but {twice[0]!r} occurs more than once.")
    return result


def framed(values: Any) -> Any:
    """Return a table of another library (Arrow, Polars) as a DataFrame, so that its names are not lost."""
    if not isinstance(values, pd.DataFrame | pd.Series) and hasattr(values, "to_pandas"):
        return values.to_pandas()
    return values


def names_of_frame(
    frame: pd.DataFrame, names: Sequence[object] | None, what: str = "names of columns"
) -> Sequence[object]:
    """Return the names that the columns of a DataFrame go by: its own, or others that were given for them.

    Raises
    ------
    ValueError
        When a name was given for one column that is the name of another.
    """
    own = [str(column) for column in frame.columns]
    if names is None:
        return own
    for place, (given, column) in enumerate(zip(names, own, strict=False)):
        if str(given) != column and str(given) in own:
            raise ValueError(
                f"The {what} are in another order than the columns of the DataFrame: {str(given)!r} was "
                f"given for column {place}, which is {column!r}."
            )
    return names


def columns_by_name(X: Any, names: tuple[str, ...], named: bool, what: str = "X") -> Any:  # noqa: N803
    """Return the columns of a fit out of a DataFrame, matched by name; an array as it is.

    Parameters
    ----------
    X
        An array with the columns in the order of the fit, or a DataFrame with these columns in any order.
    names, named
        Of the fit.
    what
        What ``X`` is called in messages.

    Raises
    ------
    ValueError
        When a column of the fit is missing, another is there, a name occurs twice, or the fit has no names.
    """
    X = framed(X)  # noqa: N806
    if not isinstance(X, pd.DataFrame):
        return X
    if not named:
        raise ValueError(
            f"The fit was made without names of columns, so {what} must be an array with its "
            f"{len(names)} columns in order, not a DataFrame."
        )
    position = _positions([str(column) for column in X.columns], names, what)
    # Nullable columns become objects otherwise; missing values are then refused as NaN.
    return X.iloc[:, position].to_numpy(dtype=np.float64, na_value=np.nan)


def matrix_by_name(X: Any, names: tuple[str, ...], named: bool) -> FloatArray:  # noqa: N803
    """Return the columns of a fit as an n × K array; see :func:`columns_by_name`.

    Raises
    ------
    ValueError
        When a column is missing or unknown, the shape is wrong or a value is not a number.
    """
    matrix = np.asarray(numbers(columns_by_name(X, names, named), "X"), dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise ValueError(f"X must have {len(names)} columns as in the fit, but has shape {matrix.shape}.")
    return matrix


def _positions(found: Sequence[str], names: Sequence[str], what: str) -> list[int]:
    """Return where each of the names is, all of them and no others being there."""
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ValueError(f"The columns of {what} must differ, but {twice[0]!r} occurs more than once.")
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    faults = [
        f"{text} {', '.join(map(repr, faulty))}"
        for text, faulty in (("has no column", missing), ("has columns that the fit has not:", extra))
        if faulty
    ]
    if faults:
        raise ValueError(f"{what} {' and '.join(faults)}; the fit has {', '.join(names)}.")
    return [found.index(name) for name in names]


def numbers(values: Any, what: str) -> NDArray[Any]:
    """Return an array of real numbers without copying one that is already numeric.

    Raises
    ------
    ValueError
        When something in it is not a number.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{what} must hold numbers, not {array.dtype}.") from None
    return array


def read_design(
    X: Any,  # noqa: N803
    *,
    weights: ArrayLike | None = None,
    names: Sequence[object] | None = None,
) -> Design:
    """Check the shape of a design and its weights.

    Values are checked by :func:`moments`, which reads them anyway.

    Parameters
    ----------
    X
        n × K array or DataFrame; a DataFrame gives the names as well.
    weights
        n frequencies above zero, or None.
    names
        K names; default the columns of a DataFrame, else ``x0``, ``x1``, ….

    Raises
    ------
    ValueError
        When a shape, a name or a weight is wrong.
    """
    X = framed(X)  # noqa: N806
    named = isinstance(X, pd.DataFrame) or names is not None
    default: Sequence[object] | None = None
    if isinstance(X, pd.DataFrame):
        default = [str(column) for column in X.columns]
        names = names_of_frame(X, names)
        # Nullable columns become objects otherwise; missing values are then refused as NaN.
        X = X.to_numpy(dtype=np.float64, na_value=np.nan)  # noqa: N806
    matrix = numbers(X, "X")
    if matrix.ndim != 2:
        raise ValueError(f"X must have two dimensions, rows and columns, but has shape {matrix.shape}.")
    n_rows, n_columns = matrix.shape
    if n_columns == 0:
        raise ValueError("X has no columns.")
    column_names = labels(names, default or [f"x{k}" for k in range(n_columns)], "names of columns")
    if n_rows < n_columns:
        raise ValueError(
            f"{n_rows} rows cannot determine the coefficients of {n_columns} columns ({column_names[0]!r} … "
            f"{column_names[-1]!r})."
        )
    frequencies = None if weights is None else _frequencies(weights, n_rows)
    return Design(matrix, column_names, frequencies, named)


def _frequencies(weights: ArrayLike, n_rows: int) -> FloatArray:
    array = np.asarray(numbers(weights, "weights"), dtype=np.float64)
    if array.shape != (n_rows,):
        raise ValueError(f"weights must have shape ({n_rows},), one for each row of X, not {array.shape}.")
    bad = ~np.isfinite(array) | (array <= 0)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"weights must be finite and above zero, but row {row} has {array[row]}.")
    return array


def moments(design: Design, outcomes: Callable[[Rows], FloatArray]) -> Moments:
    """Sum X′WX, X′w and X′Y in one pass.

    Parameters
    ----------
    design
        The regressors.
    outcomes
        Gives the weighted outcomes of some rows as M × rows.

    Raises
    ------
    ValueError
        When a column holds NaN or infinity, is zero throughout, or is a linear combination of others.
    """
    size = design.n_columns

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        gram = np.zeros((size, size))
        cross: FloatArray | float = 0.0
        # NaN and infinity are looked for afterwards, in the sums.
        with np.errstate(invalid="ignore", over="ignore"):
            for rows, block in design.blocks(strip):
                weights = np.broadcast_to(design.weights_of(rows), (1, len(block)))
                scaled = block if design.weights is None else block * weights.T
                gram += cross_product(scaled, block)
                # The sums of the columns are a product like the others, with the weights for an outcome.
                cross = cross + cross_product(np.vstack([weights, outcomes(rows)]).T, block)
        return gram, np.asarray(cross)

    gram, cross = design.total(partial)
    if not np.isfinite(gram).all():
        _raise_not_finite(design)
    gram = (gram + gram.T) / 2
    _raise_collinear(gram, design.names)
    return Moments(gram, cross[0], np.ascontiguousarray(cross[1:].T))


def cross_product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left′right, summed over short pieces of the rows.

    Parameters
    ----------
    left, right
        rows × A and rows × B.
    """
    n_left, n_right = left.shape[1], right.shape[1]
    each = _piece(n_left, n_right)
    pieces = len(left) // each
    whole_rows = pieces * each
    a = left[:whole_rows].reshape(pieces, each, n_left)
    b = right[:whole_rows].reshape(pieces, each, n_right)
    result: FloatArray = np.matmul(a.transpose(0, 2, 1), b).sum(axis=0)
    return result + left[whole_rows:].T @ right[whole_rows:]


def linear_index(params: FloatArray, block: FloatArray) -> FloatArray:
    """Return params′block′, E × rows, for K × E coefficients, computed in short pieces of the rows."""
    n_columns, n_equations = params.shape
    each = _piece(n_columns, n_equations)
    pieces = len(block) // each
    whole_rows = pieces * each
    result = np.empty((n_equations, len(block)))
    head = result[:, :whole_rows].reshape(n_equations, pieces, each).transpose(1, 0, 2)
    np.matmul(params.T, block[:whole_rows].reshape(pieces, each, n_columns).transpose(0, 2, 1), out=head)
    np.matmul(params.T, block[whole_rows:].T, out=result[:, whole_rows:])
    return result


def _piece(a: int, b: int) -> int:
    """Return how many rows a product of rows with a and b columns may have on one thread."""
    limit = MATRIX_PRODUCT // (a * b)
    return max(16, min(limit, VECTOR_PRODUCT // max(a, b)) if min(a, b) == 1 else limit)


def refuse_not_finite(design: Design) -> None:
    """Refuse values that are no numbers, by the number of the row and the name of the column.

    Raises
    ------
    ValueError
        For the first such value.
    """
    for rows, block in design.blocks():
        bad = ~np.isfinite(block)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise ValueError(
                f"Column {design.names[column]!r} holds {block[row, column]} (row {rows.start + row}); "
                "leave out or replace missing values first."
            )


def _raise_not_finite(design: Design) -> None:
    refuse_not_finite(design)
    sizes = np.max([np.abs(block).max(axis=0) for _, block in design.blocks()], axis=0)
    raise ValueError(f"Column {design.names[int(sizes.argmax())]!r} holds values too large to square.")


def _raise_collinear(gram: FloatArray, names: tuple[str, ...]) -> None:
    squares = np.diag(gram)
    if not squares.all():
        raise ValueError(f"Column {names[int((squares == 0).argmax())]!r} is zero in every row.")
    size = np.sqrt(squares)
    scaled = gram / np.outer(size, size)
    _, _, rank, _ = linalg.lapack.dpstrf(scaled, tol=COLLINEAR_SHARE)
    if rank == len(names):
        return
    # The last column of a dependent set is the one named, as a reader of the specification would expect.
    kept: list[int] = []
    faults: list[str] = []
    for column in range(len(names)):
        coefficients = (
            linalg.lstsq(scaled[np.ix_(kept, kept)], scaled[kept, column])[0] if kept else np.zeros(0)
        )
        if 1 - coefficients @ scaled[kept, column] > 10 * COLLINEAR_SHARE:
            kept.append(column)
            continue
        partners = [repr(names[other]) for other, b in zip(kept, coefficients, strict=True) if abs(b) > 1e-6]
        faults.append(f"column {names[column]!r} is a linear combination of {', '.join(partners)}")
    text = "; ".join(faults)
    raise ValueError(f"Perfect collinearity: {text}.")


class Factor:
    """Cholesky factor of a symmetric positive definite matrix, scaled first to ones on the diagonal.

    Scaling keeps columns of unlike size (a squared age beside a dummy) from costing digits.
    """

    def __init__(self, matrix: FloatArray) -> None:
        """Factor the matrix.

        Raises
        ------
        numpy.linalg.LinAlgError
            When it is not positive definite.
        """
        diagonal = np.diag(matrix)
        if not (diagonal > 0).all():
            raise np.linalg.LinAlgError("a diagonal element is not positive")
        self._size = np.sqrt(diagonal)
        self._factor = linalg.cho_factor(matrix / np.outer(self._size, self._size), lower=True)

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the solution x of A x = right, for a vector or for the columns of a matrix."""
        size = self._size if right.ndim == 1 else self._size[:, None]
        solution: FloatArray = linalg.cho_solve(self._factor, right / size) / size
        return solution

    def inverse(self) -> FloatArray:
        """Return the inverse, symmetric to the last bit."""
        inverse = self.solve(np.eye(len(self._size)))
        return (inverse + inverse.T) / 2
