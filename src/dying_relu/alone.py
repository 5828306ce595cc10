"""One network of a study trained alone, the ordinary way: Keras's own compile and fit."""

from collections.abc import Mapping

import keras
import numpy as np

from dying_relu import activity, datasets, models
from dying_relu.catalogue import INTERVENTIONS
from dying_relu.study import Network, Study
from dying_relu.train import epoch_order, fresh_epoch, outlier


def train_alone(study: Study, network: Network) -> tuple[keras.Model, dict[str, object]]:
    """Train one network with ``fit`` on the same weights and batches as its row in a population.

    Returns:
        The trained model, and its outcome as in the table of networks.
    """
    settings, seed = network.settings, network.seed
    intervention = INTERVENTIONS[settings["intervention"]]
    data = datasets.load(settings["dataset"])
    train_samples, test_samples = datasets.split(settings["dataset"], study.name, seed)
    shift, scale = datasets.affine(settings["scaling"], data.x[train_samples])
    template = _compiled(network.stages[0])
    template.model.set_weights(models.initial_weights(template, settings, study.name, seed))
    for epoch in range(settings["epochs"]):
        x, y = _epoch(study, network, epoch, data, train_samples)
        x, batch = (x - shift) / scale, settings["batch_size"]
        if 0 < epoch == settings["intervention_epoch"]:
            if intervention.settings:
                old, template = template, _compiled(network.stages[1])
                template.model.set_weights(models.carried_over(old, template, old.model.get_weights()))
            if intervention.outlier:
                sample, far = outlier(study.name, seed, data.x[train_samples], settings["strength"])
                x[0], y[0] = (far - shift) / scale, data.y[train_samples[sample]]
            before = template.model.get_weights()
            template.model.fit(x[:batch], y[:batch], batch, shuffle=False, verbose=0)
            _put_back(template, before, intervention.put_back)
            x, y = x[batch:], y[batch:]
        if len(x):
            template.model.fit(x, y, batch, shuffle=False, verbose=0)
    return template.model, _outcome(template, (data.x - shift) / scale, data.y, train_samples, test_samples)


def _compiled(settings: Mapping[str, object]) -> models.Template:
    template = models.build(settings)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    template.model.compile(
        optimizer=models.optimizer(settings["optimizer"], settings["learning_rate"]),
        loss=keras.losses.MeanSquaredError() if template.regression else loss,
        metrics=[] if template.regression else ["accuracy"],
    )
    return template


def _epoch(
    study: Study, network: Network, epoch: int, data: datasets.Data, train_samples: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The samples of an epoch in the order of training."""
    settings = network.settings
    if datasets.DATASETS[settings["dataset"]].source == "fresh":
        drawn = fresh_epoch(study.name, network.seed, epoch, settings)
        return drawn.x, drawn.y
    order = epoch_order(study.name, network.seed, epoch, train_samples, settings["batch_size"]).ravel()
    return data.x[order], data.y[order]


def _put_back(template: models.Template, before: list[np.ndarray], parts: tuple[str, ...]) -> None:
    place = {id(variable): i for i, variable in enumerate(template.model.variables)}
    for variable, part in zip(template.model.trainable_variables, template.parts, strict=True):
        if part in parts:
            variable.assign(before[place[id(variable)]])


def _outcome(
    template: models.Template, x: np.ndarray, y: np.ndarray, train_samples: np.ndarray, test_samples: np.ndarray
) -> Mapping[str, object]:
    outcome: dict[str, object] = {}
    for name, samples in (("train", train_samples), ("test", test_samples)):
        found = template.model.evaluate(x[samples], y[samples], batch_size=len(samples), verbose=0, return_dict=True)
        outcome |= {f"{name}_loss": found["loss"], f"{name}_accuracy": found.get("accuracy", np.nan)}
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
