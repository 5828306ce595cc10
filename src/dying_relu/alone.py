"""One network of a study trained alone, the ordinary way: Keras's own compile and fit."""

from collections.abc import Mapping

import keras
import numpy as np

from dying_relu import activity, datasets, models, surgery
from dying_relu.catalogue import INTERVENTIONS
from dying_relu.study import Network, Study
from dying_relu.train import epoch_order, fresh_epoch, portions


def train_alone(study: Study, network: Network) -> tuple[keras.Model, dict[str, object]]:
    """Train one network with ``fit`` on the same weights and batches as its row in a population.

    Returns:
        The trained model, and its outcome as in the table of networks.
    """
    settings, seed = network.settings, network.seed
    intervention = INTERVENTIONS[settings["intervention"]]
    data = datasets.load(settings["dataset"])
    split = datasets.split(settings["dataset"], study.name, seed)
    shift, scale = datasets.affine(settings["scaling"], data.x[split[0]])

    def fresh(network: Network, *key: object) -> list[np.ndarray]:
        return models.initial_weights(template, network.settings, study.name, seed, *key)

    stage = network.stages[0]
    template = _compiled(stage)
    template.model.set_weights(fresh(network))
    for epoch in range(settings["epochs"]):
        happens = surgery.happens(network, epoch)
        if happens:
            template, stage = _next_stage(template, network, intervention.forget)
        train_samples, test_samples = portions(data.y, split, stage["portion"])
        table = datasets.shifted(stage["shift"], settings["dataset"], data.x)
        if surgery.renews(network, epoch):
            _renew(template, network, epoch, (table[train_samples] - shift) / scale, fresh)
        x, y = _epoch(study, network, stage, epoch, table, data.y, train_samples)
        x, batch = (x - shift) / scale, settings["batch_size"]
        if happens:
            if intervention.outlier:
                sample, far = surgery.outlier(study.name, seed, table[train_samples], settings["strength"])
                x[0], y[0] = (far - shift) / scale, data.y[train_samples[sample]]
            before = template.model.get_weights()
            template.model.fit(x[:batch], y[:batch], batch, shuffle=False, verbose=0)
            _put_back(template, network, before)
            x, y = x[batch:], y[batch:]
        if len(x):
            template.model.fit(x, y, batch, shuffle=False, verbose=0)
    return template.model, _outcome(template, (table - shift) / scale, data.y, train_samples, test_samples)


def _compiled(settings: Mapping[str, object]) -> models.Template:
    template = models.build(settings)
    _penalise(template, settings)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    template.model.compile(
        optimizer=models.optimizer(settings["optimizer"], settings["learning_rate"]),
        loss=keras.losses.MeanSquaredError() if template.regression else loss,
        metrics=[] if template.regression else ["accuracy"],
    )
    return template


def _penalise(template: models.Template, settings: Mapping[str, object]) -> None:
    """Keras's own regularisers on the layers, for the penalties that the settings ask for."""
    layers = template.model.layers
    if settings["weight_decay"]:
        for layer in layers:
            if hasattr(layer, "kernel"):
                layer.kernel.regularizer = keras.regularizers.L2(settings["weight_decay"])
    if settings["bias_decay"]:
        for place in template.penalised["bias_decay"]:
            template.model.trainable_variables[place].regularizer = keras.regularizers.L2(settings["bias_decay"])
    if settings["activity_penalty"]:
        for layer in template.activations:
            layer.activity_regularizer = keras.regularizers.L1(settings["activity_penalty"])


def _next_stage(
    template: models.Template, network: Network, forget: bool
) -> tuple[models.Template, Mapping[str, object]]:
    """The network after its intervention; where its graph stays, so does the optimiser, unless it is to forget."""
    before, after = network.stages
    same = all(before[key] == after[key] for key in before if key not in ("learning_rate", "portion", "shift"))
    if same:
        template.model.optimizer.learning_rate = after["learning_rate"]
        if forget:
            for variable in template.model.optimizer.variables[2:]:  # after the count of steps and the rate
                variable.assign(np.zeros(variable.shape))
        return template, after
    new = _compiled(after)
    new.model.set_weights(models.carried_over(template, new, template.model.get_weights()))
    return new, after


def _renew(template: models.Template, network: Network, epoch: int, x: np.ndarray, fresh) -> None:
    """Renew units, and let the optimiser forget them."""
    dead = [activity.is_dead(count)[None] for count in _active_samples(template, x)]
    optimizer, variables = template.model.optimizer, template.model.trainable_variables
    weights, cleared = surgery.renewed(
        template,
        [network],
        [v.numpy()[None] for v in variables],
        dead,
        epoch,
        lambda network, epoch: models.trainable(template, fresh(network, "renewed", epoch)),
    )
    for place, variable in enumerate(variables):
        variable.assign(weights[place][0])
        for slot in optimizer.variables:
            if slot.path.startswith(f"{optimizer.name}/{variable.path.replace('/', '_')}_"):
                slot.assign(np.where(cleared[place][0], 0, slot.numpy()))


def _epoch(
    study: Study,
    network: Network,
    stage: Mapping[str, object],
    epoch: int,
    x: np.ndarray,
    y: np.ndarray,
    train_samples: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The samples of an epoch in the order of training."""
    if datasets.DATASETS[stage["dataset"]].source == "fresh":
        drawn = fresh_epoch(study.name, network.seed, epoch, stage)
        return drawn.x, drawn.y
    order = epoch_order(study.name, network.seed, epoch, train_samples, stage["batch_size"]).ravel()
    return x[order], y[order]


def _put_back(template: models.Template, network: Network, before: list[np.ndarray]) -> None:
    """Give the variables that the intervention names the values that they had before its step."""
    variables = template.model.trainable_variables
    old = [value[None] for value in models.trainable(template, before)]
    new = surgery.put_back(template, [network], old, [v.numpy()[None] for v in variables])
    for variable, value in zip(variables, new, strict=True):
        variable.assign(value[0])


def _outcome(
    template: models.Template, x: np.ndarray, y: np.ndarray, train_samples: np.ndarray, test_samples: np.ndarray
) -> Mapping[str, object]:
    outcome: dict[str, object] = {}
    for name, samples in (("train", train_samples), ("test", test_samples)):
        outputs = template.model.predict(x[samples], batch_size=len(samples), verbose=0)
        loss = float(np.mean(template.model.loss(y[samples].reshape(len(samples), -1), outputs)))
        accuracy = np.nan if template.regression else float((outputs.argmax(axis=1) == y[samples]).mean())
        outcome |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    diverged = not all(np.isfinite(v).all() for v in [outcome["train_loss"], *template.model.get_weights()])
    if diverged:
        return {"diverged": True, **dict.fromkeys([*outcome, "dead_fraction"], np.nan)}
    dead = [activity.is_dead(count) for count in _active_samples(template, x[train_samples])]
    return {"diverged": False, **outcome, "dead_fraction": float(np.concatenate(dead).mean())}


def _active_samples(template: models.Template, x: np.ndarray) -> list[np.ndarray]:
    """For each hidden layer, on how many samples each unit is active at any position, shape (units,)."""
    counts = []
    for layer, z in zip(template.activations, template.probe(x, training=False), strict=False):
        active = np.abs(models.derivative(layer, z)) > template.threshold
        counts.append(active.reshape(len(active), -1, active.shape[-1]).any(axis=1).sum(axis=0))
    return counts
