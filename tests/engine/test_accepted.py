"""Whatever is accepted can be trained, in a population and alone: settings drawn at random, of tiny networks.

The draws are few, to be quick; the environment variable DRAWS asks for more.
"""

import os
import random

import numpy as np
import pytest

from conftest import TINY
from dying_relu.design import course, plan, study
from dying_relu.design.catalogue import ACTIVATIONS, ARCHITECTURES, INITIALIZERS, INTERVENTIONS, OPTIMIZERS
from dying_relu.design.datasets import DATASETS, PORTIONS, SCALINGS, SHIFTS
from dying_relu.workflow.errors import UserError

NAMES = {
    "dataset": [name for name, info in DATASETS.items() if info.source != "keras"],
    "scaling": list(SCALINGS),
    "portion": list(PORTIONS),
    "shift": list(SHIFTS),
    "architecture": list(ARCHITECTURES),
    "activation": list(ACTIVATIONS),
    "initializer": list(INITIALIZERS),
    "optimizer": list(OPTIMIZERS),
    "intervention": list(INTERVENTIONS),
}
NUMBERS = {
    "depth": [1, 2],
    "width": [1, 2, 10],
    "init_scale": [1.0, -2.0, 0.0, 1e300],
    "output_scale": [1.0, 0.25],
    "bias": [None, 0.0, -3.0, 1e300],
    "bias_layer": [0, 0, 1, 2],
    "bias_share": [1.0, 0.5, 0.0],
    "batch_norm": [False, True],
    "output_layer": [True, True, False],
    "biased_output": [True, True, False],
    "learning_rate": [0.01, 0.1, 1e300],
    "weight_decay": [0.0, 0.1, 1e300],
    "bias_decay": [0.0, 0.1],
    "decoupled_decay": [0.0, 0.1, 1e300],
    "decoupled_biases": [True, False],
    "target_scale": [1.0, 1e-3],
    "activity_penalty": [0.0, 0.01],
    "batch_size": [1, 200, 400],
    "epochs": [2, 3],
    "intervention_epoch": [0, 1, 2],
    "rate_factor": [1.0, 0.1, 1e300],
    "strength": [0.0, 3.0, -30.0, 30.0],
}


def accepted(number, study_file):
    """A study of one network that validation accepts: the first of the draws of a number."""
    draw = random.Random(number)
    while True:
        settings = {name: draw.choice(choices) for name, choices in (NAMES | NUMBERS).items()}
        fresh = DATASETS[settings["dataset"]].steps is not None
        settings["batch_size"] = draw.choice([1, 7] if fresh else [200, 400])
        measure = {"every_step_until": 1, "growth": 100.0, "parts": draw.random() < 0.5, "layers": draw.random() < 0.5}
        measure["shifts"] = draw.sample(list(SHIFTS), 1)
        seeds = {"pilot": 0, "confirmatory": 1}
        grids = {"main": {"learning_rate": [settings["learning_rate"]]}}
        path = study_file(settings=settings, grids=grids, seeds={"full": seeds, "tiny": seeds}, measure=measure)
        try:
            item = study.load(path, TINY)
            plan.check(item, path)
        except UserError:
            continue
        return item


@pytest.mark.parametrize("number", range(int(os.environ.get("DRAWS", "4"))))
def test_what_is_accepted_can_be_trained(engine, study_file, number):
    from dying_relu.engine import alone, train

    item = accepted(number, study_file)
    (job,) = plan.jobs(item)
    tables = train.train(job)
    (network,) = job.networks
    assert set(tables) == set(train.TABLES) == set(course.TABLES) and len(tables["networks"]) == 1, network.settings
    _, outcome = alone.train_alone(network)
    assert isinstance(outcome["diverged"], bool)
    moments = tables["history"]["step"].tolist()
    assert moments == list(network.course.moments) and np.isin(tables["activity"]["step"], moments).all()


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"dataset": "absolute", "initializer": "zero_sum"}, "initializer: 'zero_sum' needs at least 2 inputs"),
        ({"width": 1, "initializer": "zero_sum"}, "initializer: 'zero_sum' needs at least 2 inputs"),
        ({"epochs": 3, "intervention_epoch": 3}, "intervention_epoch must lie between 1 and 2"),
        ({"strength": 400.0}, "settings.strength: must be at most 30"),
        ({"target_scale": 0.1}, "target_scale: digits has classes, which cannot be scaled"),
    ],
)
def test_what_cannot_be_trained_is_refused(study_file, settings, sentence):
    with pytest.raises(UserError) as caught:
        study.load(study_file(settings=settings), TINY)
    assert sentence in str(caught.value)
