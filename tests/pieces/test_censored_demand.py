"""The faults `censored_demand` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from censored_demand import demand


@pytest.mark.parametrize("spread", [0.0, 1.5])
@pytest.mark.parametrize("stock", [8, 10, 14])
def test_the_truth_is_found_where_means_are_not(spread, stock):
    rng = np.random.default_rng(0)
    true = rng.poisson(10 if spread == 0 else rng.gamma(10 / spread, spread, 3000), 3000)
    sales = np.minimum(true, stock)
    seen = demand(sales, np.full(3000, stock))
    assert seen.mean == pytest.approx(10, rel=0.06)
    if stock < 12:
        assert sales.mean() < 9.2
        assert sales[sales < stock].mean() < sales.mean()  # dropping those days is worse
    assert seen.variance == pytest.approx(10 * (1 + spread), rel=0.35)


def test_ordering_what_was_sold_shrinks_and_the_fit_does_not():
    rng, stock, path = np.random.default_rng(0), 12, []
    for _ in range(8):
        stock = round(np.minimum(rng.poisson(10, 60), stock).mean())
        path.append(stock)
    assert path[-1] <= 7
    rng, stock = np.random.default_rng(0), 12
    for _ in range(8):
        sales = np.minimum(rng.poisson(10, 60), stock)
        stock = demand(sales, np.full(60, stock)).order(missed=4, left_over=1)
    assert 11 <= stock <= 16


def test_the_order_follows_the_costs():
    rng = np.random.default_rng(0)
    seen = demand(np.minimum(rng.poisson(10, 2000), 12), np.full(2000, 12))
    assert seen.order(1, 9) < seen.order(1, 1) < seen.order(9, 1)

    def cost(stock):
        want = np.random.default_rng(1).poisson(10, 20_000)
        return (9 * np.maximum(want - stock, 0) + np.maximum(stock - want, 0)).mean()

    assert cost(seen.order(9, 1)) <= 1.02 * min(cost(stock) for stock in range(30))


def test_hopeless_data_raise():
    with pytest.raises(ValueError, match="every period sold out"):
        demand([5, 5], [5, 5])
    with pytest.raises(ValueError, match="above the stock"):
        demand([6], [5])
    assert demand([0, 3, 2, 0], [0, 9, 9, 9]).sold_out == 0  # the empty shelf is left out
