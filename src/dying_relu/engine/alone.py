"""One network trained alone, the ordinary way: Keras's own compile and fit, on the course that a population takes."""

from dataclasses import dataclass

import keras
import numpy as np

from dying_relu.design.course import Network, Stage
from dying_relu.design.datasets import DATASETS
from dying_relu.design.settings import Settings
from dying_relu.engine import activations, activity, batches, datasets, interventions, models
from dying_relu.engine.datasets import Affine, Split
from dying_relu.engine.interventions import Changed

Outcome = dict[str, object]  # columns of the table of networks


def train_alone(network: Network) -> tuple[keras.Model, Outcome]:
    """Train one network with ``fit`` on the same weights and batches as its row in a population.

    Returns:
        The trained model, and its outcome as in the table of networks.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        here = _enter(network, network.course.stages[0], None)
        for stage in network.course.stages:
            if stage is not here.stage:
                here = _enter(network, stage, here)
            for epoch in range(stage.first, stage.stop):
                _train_epoch(here, epoch)
        return here.template.model, _outcome(here)


@dataclass(frozen=True)
class _Alone:
    """A network in a stage of its course.

    Attributes:
        template: compiled.
        scale: what happens to its inputs.
        x, y: the whole data set as it is in this stage, features not yet scaled.
        samples: what it is trained on and tested on.
    """

    network: Network
    stage: Stage
    template: models.Template
    scale: Affine
    x: np.ndarray
    y: np.ndarray
    samples: Split

    def drawn(self, *key: object) -> list[np.ndarray]:
        """Initial weights, as ``model.variables``; with a key, those of another draw."""
        network = self.network
        return models.initial_weights(self.template, network.settings, network.course.study, network.seed, *key)


def _enter(network: Network, stage: Stage, before: _Alone | None) -> _Alone:
    """A network at the start of a stage: new, or going on from the stage before."""
    settings = stage.settings
    data = datasets.load(settings.dataset)
    split = datasets.split(settings.dataset, network.course.study, network.seed)
    here = _Alone(
        network,
        stage,
        template=_compiled(settings),
        scale=datasets.affine(settings.scaling, data.x[split.train]),
        x=datasets.shifted(settings.shift, settings.dataset, data.x),
        y=_targets(data.y, settings),
        samples=batches.of_portion(data.y, split, settings.portion),
    )
    if before is None:
        here.template.model.set_weights(here.drawn())
    else:
        _go_on(before, here)
    return here


def _go_on(before: _Alone, here: _Alone) -> None:
    """Take over weights; where the graph stays also the optimiser's variables, unless it is to forget its moments."""
    old, new = before.template.model, here.template.model
    new.set_weights(models.carried_over(before.template, here.template, old.get_weights()))
    if before.stage.graph == here.stage.graph:
        new.optimizer.build(new.trainable_variables)
        steps, _rate, *moments = zip(old.optimizer.variables, new.optimizer.variables, strict=True)
        kept = [steps] if here.network.course.intervention.forget else [steps, *moments]
        for known, variable in kept:
            variable.assign(known)


def _train_epoch(here: _Alone, epoch: int) -> None:
    course, batch = here.network.course, here.stage.settings.batch_size
    if epoch in course.renewals:
        _renew(here, epoch)
    if epoch == course.shutting:
        weights = [v.numpy()[None] for v in here.template.model.trainable_variables]
        _change(here, interventions.shut(here.template, [here.network], weights, epoch))
    x, y = _epoch(here, epoch)
    fit = here.template.model.fit
    if epoch == course.change:
        before = here.template.model.get_weights()
        fit(x[:batch], y[:batch], batch, shuffle=False, verbose=0)
        _put_back(here, before)
        x, y = x[batch:], y[batch:]
    if len(x):
        fit(x, y, batch, shuffle=False, verbose=0)


def _targets(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Targets of a regression are scaled."""
    return y * np.float32(settings.target_scale) if DATASETS[settings.dataset].regression else y


def _compiled(settings: Settings) -> models.Template:
    template = models.build(settings)
    _penalise(template, settings)
    held = [
        template.model.trainable_variables[i] for incoming in template.incoming[: settings.frozen] for i in incoming
    ]
    for variable in held:
        variable.trainable = False
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    decay = {"weight_decay": settings.decoupled_decay} if settings.decoupled_decay else {}
    optimizer = models.optimizer(settings.optimizer, settings.learning_rate, **decay)
    if not settings.decoupled_biases:
        optimizer.exclude_from_weight_decay(models.undecayed(template, template.model.trainable_variables))
    template.model.compile(
        optimizer=optimizer,
        loss=keras.losses.MeanSquaredError() if template.regression else loss,
        metrics=[] if template.regression else ["accuracy"],
    )
    return template


def _penalise(template: models.Template, settings: Settings) -> None:
    """Keras's own regularisers on the layers, for the penalties that the settings ask for."""
    for name, places in template.penalised.items():
        if getattr(settings, name):
            for place in places:
                variable = template.model.trainable_variables[place]
                variable.regularizer = keras.regularizers.L2(getattr(settings, name))
    if settings.activity_penalty:
        for layer in template.activations:
            layer.activity_regularizer = keras.regularizers.L1(settings.activity_penalty)


def _renew(here: _Alone, epoch: int) -> None:
    """Renew units."""
    dead = [activity.is_dead(count)[None] for count in _active_samples(here)]
    new = interventions.renewed(
        here.template,
        [here.network],
        [v.numpy()[None] for v in here.template.model.trainable_variables],
        dead,
        epoch,
        lambda network: models.trainable(here.template, here.drawn("renewed", epoch)),
    )
    _change(here, new)


def _change(here: _Alone, new: Changed) -> None:
    """Go on with other weights, of which the optimiser is to forget some."""
    optimizer, variables = here.template.model.optimizer, here.template.model.trainable_variables
    for variable, weights, cleared in zip(variables, *new, strict=True):
        variable.assign(weights[0])
        for slot in optimizer.variables:
            if slot.path.startswith(f"{optimizer.name}/{variable.path.replace('/', '_')}_"):
                slot.assign(np.where(cleared[0], 0, slot.numpy()))


def _epoch(here: _Alone, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """The samples of an epoch in the order of training, scaled; the first may be an outlier."""
    network, course, settings = here.network, here.network.course, here.stage.settings
    train = here.samples.train
    if DATASETS[settings.dataset].steps is not None:
        drawn = batches.fresh_epoch(course, network.seed, epoch, settings)
        x, y = drawn.x, _targets(drawn.y, settings)
    else:
        order = batches.epoch_order(course.study, network.seed, epoch, train, settings.batch_size).ravel()
        x, y = here.x[order], here.y[order]
    if epoch == course.change and course.intervention.outlier:
        _, x[0], y[0] = batches.outlier(course, network.seed, here.x[train], here.y[train])
    return here.scale(x), y


def _put_back(here: _Alone, before: list[np.ndarray]) -> None:
    """Give the variables that the intervention names the values that they had before its step."""
    variables = here.template.model.trainable_variables
    old = [value[None] for value in models.trainable(here.template, before)]
    new = interventions.put_back(here.template, [here.network], old, [v.numpy()[None] for v in variables])
    for variable, value in zip(variables, new, strict=True):
        variable.assign(value[0])


def _outcome(here: _Alone) -> Outcome:
    model, found = here.template.model, {}
    for name, samples in here.samples._asdict().items():
        outputs = model.predict(here.scale(here.x[samples]), batch_size=len(samples), verbose=0)
        y = here.y[samples]
        found[f"{name}_loss"] = float(np.mean(model.loss(y.reshape(len(y), -1), outputs)))
        accuracy = np.nan if here.template.regression else float((outputs.argmax(axis=1) == y).mean())
        found[f"{name}_accuracy"] = accuracy
    diverged = not all(np.isfinite(v).all() for v in [found["train_loss"], *model.get_weights()])
    if diverged:
        return {"diverged": True, **dict.fromkeys([*found, "dead_fraction"], np.nan)}
    dead = [activity.is_dead(count) for count in _active_samples(here)]
    return {"diverged": False, **found, "dead_fraction": float(np.concatenate(dead).mean())}


def _active_samples(here: _Alone) -> list[np.ndarray]:
    """For each hidden layer, on how many training samples each unit is active at any position, shape (units,)."""
    outputs = here.template.probe(here.scale(here.x[here.samples.train]), training=False)
    counts = []
    for layer, z in zip(here.template.activations, outputs, strict=False):
        active = np.abs(activations.derivative(layer, z)) > here.template.threshold
        counts.append(active.reshape(len(active), -1, active.shape[-1]).any(axis=1).sum(axis=0))
    return counts
