"""The faults `near_copies` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from near_copies import groups, shared


def pictures(rng, sources=100, copies=5, noise=0.05, size=64):
    base = rng.random((sources, size)) + 3  # all bright: alike before centring
    rows = np.repeat(base, copies, axis=0)
    return rows + noise * rng.normal(size=rows.shape), np.repeat(np.arange(sources), copies)


@pytest.mark.parametrize("block", [7, 1000])
def test_copies_share_a_group_and_strangers_do_not(block):
    rows, source = pictures(np.random.default_rng(0))
    found = groups(rows, block=block)
    assert len(set(zip(found.tolist(), source.tolist(), strict=True))) == 100
    assert len(set(found.tolist())) == 100


def test_chains_are_one_group():
    turn = np.linspace(0, np.pi / 2, 9)
    rows = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rows = np.concatenate([rows, -rows])
    found = groups(rows, least=0.95)
    assert len(set(found[:9].tolist())) == 1
    assert found[0] != found[9]


def test_a_leaking_split_is_seen_and_a_grouped_one_is_clean():
    rows, source = pictures(np.random.default_rng(1))
    mixed = np.random.default_rng(2).permutation(len(rows))
    assert shared(rows[mixed[:400]], rows[mixed[400:]]).mean() > 0.95
    by_group = groups(rows) < 80
    assert not shared(rows[by_group], rows[~by_group]).any()
    assert not shared(rows[source < 80], rows[source >= 80]).any()


def test_pictures_of_any_shape_and_blank_rows():
    rows = np.random.default_rng(3).random((6, 4, 4))
    rows[0] = rows[1]
    assert groups(rows).tolist()[:2] == [0, 0]
    assert len(set(groups(np.eye(4)).tolist())) == 4
