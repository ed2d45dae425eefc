"""A panel as histories: rows sorted by person, persons with the same rows and outcomes taken together.

The order follows from the contents alone, so that neither the order of the rows nor the labels of the persons
change a bit of what is computed from them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from utvandring.estimators.design import Design, FloatArray

# Nodes times rows in one block of persons: two such arrays fit into the processor's second cache.
BLOCK_VALUES = 98_304
# Odd, so that multiplying loses nothing (the prime of the hash FNV-1a).
_PRIME = np.uint64(1_099_511_628_211)


@dataclass(frozen=True)
class Block:
    """Histories ``first`` … ``last``−1, each of ``length`` rows, the rows from ``row`` on."""

    first: int
    last: int
    length: int
    row: int

    @property
    def rows(self) -> slice:
        """The rows of the block."""
        return slice(self.row, self.row + (self.last - self.first) * self.length)


@dataclass(frozen=True)
class Histories:
    """Persons with their rows, each distinct history once.

    Attributes
    ----------
    matrix
        Rows × K, history by history.
    codes
        Outcome of each row.
    lengths
        Rows of each history; never falling.
    weights
        How many persons each history stands for.
    history_of
        History of each person of the input, by the order in which persons first appear.
    persons
        Their labels.
    """

    matrix: NDArray[Any]
    codes: NDArray[np.intp]
    lengths: NDArray[np.intp]
    weights: FloatArray
    history_of: NDArray[np.intp]
    persons: NDArray[Any]

    def blocks(self, n_nodes: int) -> list[Block]:
        """Divide the histories into blocks of equal lengths, for so many nodes a person."""
        result = []
        starts = np.flatnonzero(np.r_[True, np.diff(self.lengths) > 0])
        row = 0
        for start, stop in zip(starts, np.r_[starts[1:], len(self.lengths)], strict=True):
            length = int(self.lengths[start])
            each = max(1, BLOCK_VALUES // (n_nodes * length))
            for first in range(start, stop, each):
                last = min(first + each, int(stop))
                result.append(Block(int(first), last, length, row))
                row += (last - first) * length
        return result

    def every(self, stride: int) -> "Histories":
        """Return a sample: every so many histories, of all lengths."""
        kept = np.arange(0, len(self.lengths), stride)
        starts = np.r_[0, np.cumsum(self.lengths)[:-1]]
        rows = _rows_of(starts[kept], self.lengths[kept])
        lengths = self.lengths[kept]
        nobody = np.empty(0, dtype=np.intp)
        return Histories(self.matrix[rows], self.codes[rows], lengths, self.weights[kept], nobody, nobody)


def read_histories(
    design: Design, codes: NDArray[np.intp], person: ArrayLike, *, alone: bool = False
) -> Histories:
    """Sort a panel into histories.

    Parameters
    ----------
    design
        The rows, already checked to be finite; its weights count persons.
    codes
        Outcome of each row.
    person
        Label of the person of each row.
    alone
        Whether it will do that nobody is observed twice.

    Raises
    ------
    ValueError
        When labels are missing or of the wrong shape, weights vary within a person, or nobody is observed
        twice.
    """
    labels = np.asarray(person)
    if labels.shape != (design.n_rows,):
        raise ValueError(
            f"person must have shape ({design.n_rows},), one for each row of X, not {labels.shape}."
        )
    of_row, persons = pd.factorize(labels)
    if (of_row < 0).any():
        raise ValueError(f"person has no value in row {int((of_row < 0).argmax())}.")
    counts = np.bincount(of_row)
    if counts.max() == 1 and not alone:
        raise ValueError(
            "Nobody is observed twice, so that the variance of the effects cannot be told from the rest: "
            "give the same label to the rows of a person, or use fit_multinomial."
        )
    first_seen = np.full(len(persons), design.n_rows)
    np.minimum.at(first_seen, of_row, np.arange(design.n_rows))
    weights = np.ones(len(persons)) if design.weights is None else design.weights[first_seen]
    if design.weights is not None and (design.weights != weights[of_row]).any():
        row = int((design.weights != weights[of_row]).argmax())
        raise ValueError(
            f"weights count identical persons and must be the same in all rows of a person, but row {row} "
            f"has {design.weights[row]} and row {first_seen[of_row[row]]} of the same person "
            f"{weights[of_row[row]]}."
        )

    content = _hash_of_rows(design.matrix, codes)
    order = np.lexsort((content, of_row))
    content = content[order]
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    sums = _hash_of_persons(content, starts, counts)
    by_content = np.lexsort((sums, counts))
    order = order[_rows_of(starts[by_content], counts[by_content])]
    lengths, sums = counts[by_content], sums[by_content]
    new = np.r_[True, (np.diff(lengths) > 0) | (sums[1:] != sums[:-1])]
    if not _are_alike(design.matrix, codes, order, lengths, new):
        new[:] = True
    history = np.cumsum(new) - 1
    history_of = np.empty(len(persons), dtype=np.intp)
    history_of[by_content] = history
    kept = order[np.repeat(new, lengths)] if not new.all() else order
    return Histories(
        design.matrix[kept],
        codes[kept],
        lengths[new],
        np.bincount(history, weights=weights[by_content]).astype(np.float64),
        history_of,
        np.asarray(persons),
    )


def _hash_of_rows(matrix: NDArray[Any], codes: NDArray[np.intp]) -> NDArray[np.uint64]:
    result = pd.util.hash_array(codes.astype(np.int64), categorize=False)
    for column in matrix.T:
        # Adding zero makes -0.0 equal to 0.0.
        values = np.asarray(column, dtype=np.float64) + 0.0
        result = (result ^ pd.util.hash_array(values, categorize=False)) * _PRIME
    return np.asarray(result, dtype=np.uint64)


def _hash_of_persons(
    content: NDArray[np.uint64], starts: NDArray[np.intp], counts: NDArray[np.intp]
) -> NDArray[np.uint64]:
    result = np.zeros(len(starts), dtype=np.uint64)
    by_length = np.argsort(-counts, kind="stable")
    lengths = counts[by_length]
    for place in range(int(counts.max())):
        still = by_length[: np.searchsorted(-lengths, -place)]
        result[still] = (result[still] ^ content[starts[still] + place]) * _PRIME
    return result


def _rows_of(starts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows of persons, one person after the other."""
    shift = np.repeat(starts - np.r_[0, np.cumsum(counts)[:-1]], counts)
    return np.asarray(np.arange(counts.sum()) + shift, dtype=np.intp)


def _are_alike(
    matrix: NDArray[Any],
    codes: NDArray[np.intp],
    order: NDArray[np.intp],
    lengths: NDArray[np.intp],
    new: NDArray[np.bool_],
) -> bool:
    """Make sure that persons with the same checksum have the same rows."""
    if new.all():
        return True
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    model = starts[new][np.cumsum(new) - 1]
    others = ~new
    rows = order[_rows_of(starts[others], lengths[others])]
    models = order[_rows_of(model[others], lengths[others])]
    if (codes[rows] != codes[models]).any():
        return False
    return all(bool((column[rows] == column[models]).all()) for column in matrix.T)
