"""Pairs by their costs: the cheapest first, each once, never what is not allowed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.matching import pairs


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(0, 7), st.integers(0, 7)),
        elements=st.sampled_from([0.0, 0.25, 0.5, 0.5, 1.0, np.inf]),
    )
)
def test_the_answer_is_that_of_taking_the_cheapest_pair_again_and_again(costs: np.ndarray) -> None:
    left, expected = costs.copy(), []
    while np.isfinite(left).any():
        row, column = divmod(int(left.argmin()), left.shape[1])
        expected.append(float(costs[row, column]))
        left[row, :], left[:, column] = np.inf, np.inf
    rows, columns = pairs(costs)
    assert len(set(rows.tolist())) == len(rows) == len(set(columns.tolist()))
    assert sorted(costs[rows, columns].tolist()) == sorted(expected)
