"""What a reader of the release can work out, by linear programming over everything that adds up."""

import numpy as np
import scipy.sparse
from reference.mobility_rate import GRAIN
from scipy.optimize import linprog

from utvandring.release.suppression import Rule

RULE = Rule(threshold=5, base=5, protection=4)
# Values that the exact attack must leave: one fewer than what carrying bounds from sum to sum leaves.
GUARANTEED = 3
KEY = [*GRAIN]


def known_bounds(n: np.ndarray, shown: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return what a shown count says about the true one; of the missing ones it is known which are small."""
    alike: dict[int, list[int]] = {}
    for value in range(rule.threshold, int(n.max(initial=0)) + 4 * rule.base):
        alike.setdefault(int(shown_as(np.array(value), rule)), []).append(value)
    bounds = [
        alike[int(number)] if is_shown else [0]
        for number, is_shown in zip(shown_as(n, rule), shown, strict=True)
    ]
    least = np.array([values[0] for values in bounds])
    most = np.array([values[-1] for values in bounds])
    most = np.where(shown, most, np.where(n < rule.threshold, rule.threshold - 1, np.inf))
    return least.astype(float), most.astype(float)


def shown_as(n: np.ndarray, rule: Rule) -> np.ndarray:
    """Return counts as they are shown: multiples of the base, the first one standing for enough counts."""
    first = -(-rule.threshold // rule.base) * rule.base
    nearest = np.floor(n / rule.base + 0.5).astype(int) * rule.base
    return np.where(n < rule.threshold + rule.protection, first, np.maximum(nearest, first))


class Attack:
    """Everything a reader can work out about counts from bounds on them and from what adds up."""

    def __init__(
        self,
        n: np.ndarray,
        least: np.ndarray,
        most: np.ndarray,
        sums: list[tuple[int, list[int]]],
        subsets: list[tuple[int, int]],
    ) -> None:
        assert (least <= n).all() and (n <= most).all()
        equal = [(total, parts) for total, parts in sums if n[parts].sum() == n[total]]
        below = [(total, parts) for total, parts in sums if n[parts].sum() != n[total]]
        below += [(total, [part]) for part, total in subsets]
        self.equal, self.below = self._matrix(equal, len(n)), self._matrix(below, len(n))
        self.bounds = np.column_stack([least, most])

    @staticmethod
    def _matrix(sums: list[tuple[int, list[int]]], width: int) -> scipy.sparse.csr_matrix:
        entries = [(row, part, 1) for row, (_, parts) in enumerate(sums) for part in parts]
        entries += [(row, total, -1) for row, (total, _) in enumerate(sums)]
        rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(sums), width))

    def solve(self, objective: np.ndarray) -> np.ndarray:
        """Return counts that fit everything known and make the objective least."""
        found = linprog(
            objective,
            A_ub=self.below if self.below.shape[0] else None,
            b_ub=np.zeros(self.below.shape[0]) if self.below.shape[0] else None,
            A_eq=self.equal if self.equal.shape[0] else None,
            b_eq=np.zeros(self.equal.shape[0]) if self.equal.shape[0] else None,
            bounds=self.bounds,
            method="highs",
        )
        assert found.status == 0, found.message
        return np.asarray(found.x)

    def run(self, targets: np.ndarray, enough: int, tries: int = 40) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the largest value each target can take, or enough values to call it safe.

        Many targets are pushed at once at first; those that stay narrow are then pushed one by one.
        """
        generator = np.random.default_rng(1)
        width = len(self.bounds)
        least, most = np.full(width, np.inf), np.full(width, -np.inf)

        def push(chosen: np.ndarray, direction: int) -> None:
            objective = np.zeros(width)
            objective[chosen] = direction
            values = self.solve(objective)
            np.minimum(least, values, out=least)
            np.maximum(most, values, out=most)

        def still_narrow() -> np.ndarray:
            return targets[np.floor(most[targets] + 1e-6) - np.ceil(least[targets] - 1e-6) + 1 < enough]

        push(targets[:0], 1)
        for attempt in range(tries):
            narrow = still_narrow()
            if len(narrow) < 2:
                break
            share = (0.03, 0.1, 0.3)[attempt % 3]
            push(generator.choice(narrow, max(1, int(share * len(narrow))), replace=False), (-1) ** attempt)
        for target in still_narrow():
            push(np.array([target]), 1)
            push(np.array([target]), -1)
        return least[targets], most[targets]


def narrowest(least: np.ndarray, most: np.ndarray, rule: Rule) -> float:
    """Return the fewest whole values that are left to any target."""
    if not len(least):
        return np.inf
    return float((np.floor(np.minimum(most, rule.threshold - 1) + 1e-6) - np.ceil(least - 1e-6) + 1).min())
