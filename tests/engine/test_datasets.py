"""Data as networks see them: split, order and scaling follow the seed and what the catalogue promises."""

import numpy as np
import pytest


def test_seed_draws_split_weights_and_order_together():
    from dying_relu.engine import batches, datasets

    first, second = datasets.split("digits", "a", 1), datasets.split("digits", "a", 2)
    assert (first[0] != second[0]).any() and len(first[0]) == 1500 and len(first[1]) == 297
    labels = datasets.load("digits").y
    counts = np.bincount(labels[first[0]]) / 1500
    np.testing.assert_allclose(counts, np.bincount(labels) / 1797, atol=1e-3)
    order = batches.epoch_order("a", 1, 0, first[0], 50)
    assert sorted(order.ravel()) == sorted(first[0])
    assert (order != batches.epoch_order("a", 1, 1, first[0], 50)).any()
    assert (order == batches.epoch_order("a", 1, 0, first[0], 50)).all()


@pytest.mark.parametrize("scaling", ["standardised", "unit", "raw"])
def test_inputs_are_scaled_as_promised(scaling):
    from dying_relu.engine import datasets

    x = datasets.load("breast_cancer").x[:450]
    shift, scale = datasets.affine(scaling, x)
    seen = (x - shift) / scale
    if scaling == "standardised":
        np.testing.assert_allclose([seen.mean(axis=0), seen.std(axis=0)], [[0] * 30, [1] * 30], atol=1e-3)
    elif scaling == "unit":
        np.testing.assert_allclose([seen.min(axis=0), seen.max(axis=0)], [[0] * 30, [1] * 30], atol=1e-5)
    else:
        np.testing.assert_array_equal(seen, x)
