"""What was the demand, when sales stop at what was in stock?

Call `order = demand(sales, stock).order(missed=9, left_over=1)`.

Copy the file; it needs numpy and scipy. `demand` fits a negative binomial (or Poisson) to one
product, one slot or one stretch of equal conditions, and takes a period that sold out for what it
says: at least that many. Keep the stock at the start of each period; without it nobody can tell a
quiet day from an empty shelf. Change the two costs of `order`. More than about half of the periods
sold out leave only a guess: vary the stock on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats


@dataclass(frozen=True, slots=True)
class Demand:
    """The fitted demand of a period and what the data could tell."""

    mean: float
    variance: float
    sold_out: float
    """Share of periods in which everything was sold."""

    def order(self, missed: float, left_over: float) -> int:
        """The stock of least expected cost, for the costs of one lost sale and one left over."""
        share = missed / (missed + left_over)
        return int(_law(self.mean, self.variance / self.mean - 1).ppf(share))


def demand(sales: npt.ArrayLike, stock: npt.ArrayLike) -> Demand:
    """Maximum likelihood for sales that end at the stock.

    Raises ValueError for sales above the stock, or when every period sold out.
    """
    sold, had = np.asarray(sales, float), np.asarray(stock, float)
    if (sold > had).any():
        raise ValueError("sales above the stock: returns, or a wrong stock")
    sold, had = sold[had > 0], had[had > 0]  # an empty shelf says nothing
    out = sold >= had
    if out.all():
        raise ValueError("every period sold out: the demand has no upper bound in the data")

    def loss(at: npt.NDArray[np.float64]) -> float:
        law = _law(float(np.exp(at[0])), float(np.exp(at[1])))
        seen = law.logpmf(sold[~out]).sum()
        return -float(seen + law.logsf(sold[out] - 1).sum())

    start = np.array([np.log(sold.mean() + 0.1), -1.0])
    best = optimize.minimize(loss, start, bounds=[(None, None), (-12, 5)], method="L-BFGS-B")
    mean, spread = np.exp(best.x)
    return Demand(float(mean), float(mean * (1 + spread)), float(out.mean()))


def _law(mean: float, spread: float) -> stats.rv_discrete:
    """Counts with this mean and the variance `mean * (1 + spread)`."""
    if spread < 1e-4:
        return stats.poisson(mean)
    return stats.nbinom(mean / spread, 1 / (1 + spread))
