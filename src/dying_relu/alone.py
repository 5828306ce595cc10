"""One network of a study trained alone, the ordinary way: Keras's own compile and fit."""

from collections.abc import Mapping

import keras
import numpy as np

from dying_relu import activity, datasets, models
from dying_relu.study import Network, Study
from dying_relu.train import epoch_order


def train_alone(study: Study, network: Network) -> tuple[keras.Model, dict[str, object]]:
    """Train one network with ``fit`` on the same weights and batches as its row in a population.

    Returns:
        The trained model, and its outcome as in the table of networks.
    """
    settings, seed = network.settings, network.seed
    data = datasets.load(settings["dataset"])
    train_samples, test_samples = datasets.split(settings["dataset"], study.name, seed)
    shift, scale = datasets.affine(settings["scaling"], data.x[train_samples])
    x = (data.x - shift) / scale
    template = models.build(settings)
    template.model.set_weights(models.initial_weights(template, settings, study.name, seed))
    template.model.compile(
        optimizer=models.optimizer(settings["optimizer"], settings["learning_rate"]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    for epoch in range(settings["epochs"]):
        order = epoch_order(study.name, seed, epoch, train_samples, settings["batch_size"]).ravel()
        template.model.fit(x[order], data.y[order], settings["batch_size"], shuffle=False, verbose=0)
    return template.model, _outcome(template, x, data.y, train_samples, test_samples)


def _outcome(
    template: models.Template, x: np.ndarray, y: np.ndarray, train_samples: np.ndarray, test_samples: np.ndarray
) -> Mapping[str, object]:
    outcome: dict[str, object] = {}
    for name, samples in (("train", train_samples), ("test", test_samples)):
        loss, accuracy = template.model.evaluate(x[samples], y[samples], batch_size=len(samples), verbose=0)
        outcome |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    diverged = not all(np.isfinite(v).all() for v in [outcome["train_loss"], *template.model.get_weights()])
    if diverged:
        return {"diverged": True, **dict.fromkeys([*outcome, "dead_fraction"], np.nan)}
    dead = [activity.is_dead(count) for count in _active_samples(template, x[train_samples])]
    return {"diverged": False, **outcome, "dead_fraction": float(np.concatenate(dead).mean())}


def _active_samples(template: models.Template, x: np.ndarray) -> list[np.ndarray]:
    """For each hidden layer, on how many samples each unit is active, shape (units,)."""
    counts = []
    for layer, z in zip(template.activations, template.probe(x, training=False), strict=False):
        slope = models.derivative(layer, z)
        counts.append((np.abs(slope) > template.threshold).sum(axis=tuple(range(slope.ndim - 1))))
    return counts
