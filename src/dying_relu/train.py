"""Train the populations of one job and turn what is measured into tables.

Tables (a diverged network has no counts: they are missing, never 0):
    networks: one row a network; settings, seed, outcome.
    activity: one row a network, hidden layer and measured moment; counts of dead units.
    history: one row a network and measured moment; loss, accuracy, size of the updates.
    units: one row a network, hidden layer and status of its units at the end (dead, nearly dead,
        active); their gradients, output ranges and movement over the last epoch, and, if the study asks, how
        many of those that died are active once their bias, or their weights, are put back to where they started.
    layers: if the study asks, one row a network, hidden layer and of three moments; gradients and outputs.
    shifted: if the study asks, one row a network, hidden layer and shift of the test samples; dead units there.
    trajectory: one row a network of a single hidden unit and measured moment; its weights.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from tqdm import tqdm

from dying_relu import activity, datasets, models, surgery
from dying_relu.catalogue import INTERVENTIONS
from dying_relu.plan import PENALTIES, Job, course, extra_samples, graph, moments, rows, steps_per_epoch
from dying_relu.population import Population
from dying_relu.record import TRAJECTORY, Record, rms_change, units
from dying_relu.seeding import generator
from dying_relu.study import SETTINGS, Network, Study

TABLES = {
    "networks": (),
    "activity": (),
    "history": (),
    "units": (),
    "layers": ("step", "epoch", "layer", "gradient_norm", "largest", "mean_output", "zero_share"),
    "shifted": ("test_shift", "layer", "n_units", "n_dead", "n_dead_shifted", "n_dead_both", "shifted_accuracy"),
    "trajectory": TRAJECTORY,
}  # and the columns of those that may be empty
Columns = dict[str, np.ndarray]  # of a table; "network" counts the networks, the others are measured


def train(job: Job, progress: tqdm | None = None) -> dict[str, pd.DataFrame]:
    """Train every network of the job; returns the tables named in `TABLES`."""
    with np.errstate(invalid="ignore", over="ignore"):  # diverged rows hold what they hold
        return _train(job, progress)


def _train(job: Job, progress: tqdm | None) -> dict[str, pd.DataFrame]:
    pieces: dict[str, list[Columns]] = {name: [] for name in TABLES}
    compiled: dict[tuple, Population] = {}
    key, trainer, done = None, None, 0
    for networks in job.populations:
        if course(networks[0]) != key:
            key, trainer = course(networks[0]), _Trainer(job.study, networks[0], compiled)
        for name, columns in trainer.train(networks).items():
            pieces[name].append({**columns, "network": columns["network"] + done})
        done += len(networks)
        if progress is not None:
            progress.update(len(networks))
    described = _describe(job.study.name, job.networks)
    return {name: _table(described, columns) for name, columns in pieces.items()}


def epoch_order(study: str, seed: int, epoch: int, samples: np.ndarray, batch_size: int) -> np.ndarray:
    """The batches of one epoch: a fresh permutation of the samples, shape (steps, batch), remainder dropped."""
    steps = len(samples) // batch_size
    shuffled = generator(study, seed, "order", epoch).permutation(samples)
    return shuffled[: steps * batch_size].reshape(steps, batch_size)


def portions(y: np.ndarray, split: tuple[np.ndarray, np.ndarray], portion: str) -> tuple[np.ndarray, np.ndarray]:
    """Those of a network's training and test samples that belong to a portion; a half is one of training only."""
    train, test = split
    tested = portion if portion.endswith("classes") else "all"
    return train[datasets.select(portion, y[train])], test[datasets.select(tested, y[test])]


def fresh_epoch(study: str, seed: int, epoch: int, settings: dict) -> datasets.Data:
    """The samples of one epoch of a data set whose batches are drawn afresh, in the order of training."""
    n, name = steps_per_epoch(settings) * settings["batch_size"], settings["dataset"]
    drawn = datasets.fresh(name, n, study, seed, epoch)
    chosen = np.resize(datasets.select(settings["portion"], drawn.y), n)
    return datasets.Data(datasets.shifted(settings["shift"], name, drawn.x[chosen]), drawn.y[chosen])


class _Trainer:
    """One course of training and the populations that go through it."""

    def __init__(self, study: Study, example: Network, compiled: dict[tuple, Population]) -> None:
        settings = example.settings
        self.study, self.settings, self.example = study, settings, example
        self.dataset = settings["dataset"]
        self.info, self.data = datasets.DATASETS[self.dataset], datasets.load(self.dataset)
        self.batch_size, self.epochs = settings["batch_size"], settings["epochs"]
        self.per_epoch, self.intervention_epoch = steps_per_epoch(settings), settings["intervention_epoch"]
        self.moments = moments(study.measure, settings)
        self.size = rows(example)
        self.extra = extra_samples(example, self.size)
        if self.info.source == "fresh":  # room for what each epoch draws, used again and again
            room = np.empty((self.extra, self.info.n_features), np.float32), np.empty(self.extra, np.float32)
            self.fresh = datasets.Data(*room)
        self.stages = [self._compiled(stage, compiled) for stage in example.stages]
        self._split = lru_cache(maxsize=None)(lambda seed: datasets.split(self.dataset, study.name, seed))
        self._affine = lru_cache(maxsize=None)(
            lambda seed, scaling: datasets.affine(scaling, self.data.x[self._split(seed)[0]])
        )
        self._weights = lru_cache(maxsize=256)(
            lambda seed, *key, **how: models.initial_weights(self.stages[0].template, how, study.name, seed, *key)
        )

    def _compiled(self, settings: dict, compiled: dict[tuple, Population]) -> Population:
        """The population of a stage; courses of one job share what is compiled."""
        key = (graph(settings), self.size, self.extra)
        if key not in compiled:
            longest = max(self.info.n_train, len(self.data.x) - self.info.n_train)
            compiled[key] = Population(
                models.build(settings),
                settings["optimizer"],
                self.data.x,
                self.data.y,
                self.size,
                longest,
                self.extra,
                self.batch_size if self.info.source == "fresh" else None,
                [name for name in PENALTIES if settings[name] > 0],
            )
        return compiled[key]

    def train(self, networks: Sequence[Network]) -> dict[str, Columns]:
        """Train these networks, at most as many as the population has rows; copies of the last fill it up."""
        filled = [*networks, *[networks[-1]] * (self.size - len(networks))]
        self._begin(0, filled, [self._start(network) for network in filled])
        self.record = record = Record(self.population.template, self.samples.shape[1])
        step_before, weights = 0, self.population.weights()
        self.marks = dict.fromkeys(("first", "before", "last epoch"), weights)
        layers = []
        for step, finite in self._segments(filled):
            weights, record.template = self.population.weights(), self.population.template
            change = rms_change(self.marks["before"], weights)
            now = self.population.measure(self.samples)
            record.add(step, now, weights, change / max(step - step_before, 1), finite & np.isfinite(change))
            step_before, self.marks["before"] = step, weights
            if step == self.per_epoch * (self.epochs - 1):
                self.marks["last epoch"] = weights
            if record.diverged.all():
                break
            if self.study.measure["layers"] and step in (0, self.per_epoch, self.per_epoch * self.epochs):
                layers += record.layers(self.population.inspect(self.samples), step, self.per_epoch)
        movement = [b - a for a, b in zip(self.marks["last epoch"], weights, strict=True)]
        inspection = self.population.inspect(self.samples)
        outcome = record.outcome(self.population.measure(self.test_samples))
        revived = self._revived_by_putting_back(weights) if self.study.measure["parts"] else None
        records = {
            "networks": [outcome],
            "activity": record.activity(self.moments, self.per_epoch),
            "history": record.history(self.moments, self.per_epoch),
            "units": units(record, inspection, movement, revived),
            "layers": layers,
            "shifted": self._shifted(),
            "trajectory": record.trajectory(self.per_epoch),
        }
        return {name: _stacked(found, len(networks), TABLES[name]) for name, found in records.items()}

    def _start(self, network: Network, *key: object) -> list[np.ndarray]:
        settings = network.settings
        how = {name: settings[name] for name in ("initializer", "init_scale", "bias")}
        return self._weights(network.seed, *key, **how)

    def _begin(self, stage: int, networks: Sequence[Network], variables: list[list[np.ndarray]]) -> None:
        """Go on with the population of a stage, from given variables."""
        self.population = self.stages[stage]
        settings = [network.stages[stage] for network in networks]
        self.population.reset(
            variables,
            [s["learning_rate"] for s in settings],
            [self._affine(network.seed, network.settings["scaling"]) for network in networks],
            {name: [s[name] for s in settings] for name in PENALTIES},
        )
        self._see(stage, networks)

    def _see(self, stage: int, networks: Sequence[Network]) -> None:
        """From now on train and measure on the data of a stage."""
        settings = self.example.stages[stage]
        self.stage = stage
        self._shift(settings["shift"])
        splits = [portions(self.data.y, self._split(n.seed), settings["portion"]) for n in networks]
        self.samples, self.test_samples = map(np.stack, zip(*splits, strict=True))

    def _shift(self, shift: str) -> None:
        if self.population.shift != shift:
            self.population.shift = shift
            self.population.set_inputs(datasets.shifted(shift, self.dataset, self.data.x))

    def _intervene(self, networks: Sequence[Network]) -> None:
        """Go on with the second stage from where the first one is; what is marked comes along."""
        self.record.begin_recovery()
        if self.stages[0] is self.stages[1]:
            self.population.set_rates([network.stages[1]["learning_rate"] for network in networks])
            self._see(1, networks)
        else:
            old, new = (stage.template for stage in self.stages)
            self._begin(1, networks, [models.carried_over(old, new, values) for values in self.population.variables()])
            now, origins = self.population.weights(), models.counterparts(old, new)
            for name, values in self.marks.items():
                self.marks[name] = [now[i] if origin is None else values[origin] for i, origin in enumerate(origins)]
        forget = np.array([INTERVENTIONS[network.settings["intervention"]].forget for network in networks])
        if forget.any():
            weights = self.population.weights()
            self.population.forget([np.broadcast_to(forget.reshape(-1, *[1] * (w.ndim - 1)), w.shape) for w in weights])

    def _renew(self, networks: Sequence[Network], epoch: int) -> None:
        """Renew units of those networks whose intervention asks for it before this epoch."""
        dead = [activity.is_dead(n_active) for n_active in self.population.measure(self.samples).n_active]
        template = self.population.template
        weights, cleared = surgery.renewed(
            template,
            networks,
            self.population.weights(),
            dead,
            epoch,
            lambda network, epoch: models.trainable(template, self._start(network, "renewed", epoch)),
        )
        self.population.assign(weights)
        self.population.forget(cleared)

    def _segments(self, networks: Sequence[Network]) -> Iterator[tuple[int, np.ndarray]]:
        """Train from each measured moment to the next; yields (step, all batch losses so far finite)."""
        finite = np.ones(len(networks), bool)
        yield 0, finite
        step = 0
        for epoch in range(self.epochs):
            first = epoch * self.per_epoch
            intervenes = 0 < epoch == self.intervention_epoch
            if intervenes:
                self._intervene(networks)
            if any(surgery.renews(network, epoch) for network in networks):
                self._renew(networks, epoch)
            order = self._order(networks, epoch)
            for stop in [m for m in self.moments if first < m < first + self.per_epoch] + [first + self.per_epoch]:
                before = self.population.weights() if intervenes and step == first else None
                finite = finite & self.population.advance(order, step - first, stop - first)
                if before is not None:
                    after = self.population.weights()
                    self.population.assign(surgery.put_back(self.population.template, networks, before, after))
                step = stop
                if step in self.moments:
                    yield step, finite

    def _order(self, networks: Sequence[Network], epoch: int) -> np.ndarray:
        """Which samples make each batch of an epoch, or which batches it has; see `Population.advance`.

        In the epoch after the intervention an outlier takes the first place of the first batch of the networks
        that are to meet one.
        """
        met = [
            surgery.happens(network, epoch) and INTERVENTIONS[network.settings["intervention"]].outlier
            for network in networks
        ]
        outliers = [
            surgery.outlier(self.study.name, network.seed, self.data.x[row], network.settings["strength"])
            if meets
            else None
            for network, row, meets in zip(networks, self.samples, met, strict=True)
        ]
        labels = [self.data.y[row[found[0]]] if found else 0 for row, found in zip(self.samples, outliers, strict=True)]
        if self.info.source == "fresh":
            return self._fresh_order(networks, epoch, outliers, labels)
        by_seed = {
            network.seed: epoch_order(self.study.name, network.seed, epoch, row, self.batch_size)
            for network, row in {n.seed: (n, row) for n, row in zip(networks, self.samples, strict=True)}.values()
        }
        order = np.stack([by_seed[network.seed] for network in networks], axis=1)
        if any(met):
            far = [found[1] if found else self.data.x[0] for found in outliers]
            start = self.population.feed(np.stack(far), np.array(labels, self.data.y.dtype))
            order[0, met, 0] = start + np.flatnonzero(met)
        return order

    def _fresh_order(self, networks: Sequence[Network], epoch: int, outliers: list, labels: list) -> np.ndarray:
        """Draw the epoch's batches, one set for all networks of a seed that see the same, and say which are whose."""
        place: dict[tuple, int] = {}
        whose = []
        n = self.per_epoch * self.batch_size
        for network, found, label in zip(networks, outliers, labels, strict=True):
            key = network.seed, network.settings["strength"] if found else None
            if key not in place:
                here = slice(len(place) * n, (len(place) + 1) * n)
                drawn = fresh_epoch(self.study.name, network.seed, epoch, self.example.stages[self.stage])
                self.fresh.x[here], self.fresh.y[here] = drawn.x, drawn.y
                if found:
                    self.fresh.x[here.start], self.fresh.y[here.start] = found[1], label
                place[key] = len(place)
            whose.append(place[key])
        self.population.feed(self.fresh.x[: len(place) * n], self.fresh.y[: len(place) * n])
        batches = np.arange(len(place) * self.per_epoch, dtype=np.int32).reshape(len(place), self.per_epoch, 1)
        return batches[whose].swapaxes(0, 1)

    def _shifted(self) -> list[dict[str, object]]:
        records = []
        for shift in self.study.measure["shifts"]:
            self._shift(shift)
            records += self.record.shifted(shift, self.population.measure(self.test_samples))
        return records

    def _revived_by_putting_back(self, last: list[np.ndarray]) -> dict[str, list[np.ndarray]]:
        """For each part, and each layer, which units are active if only their own part were as at first.

        Everything else, the layers before included, stays as it is at the end; shape (networks, units).
        """
        first, template = self.marks["first"], self.population.template
        active: dict[str, list[np.ndarray]] = {}
        for part in ("bias", "weights"):
            active[part] = []
            for layer, incoming in enumerate(template.incoming):
                mixed = [
                    first[i] if i in incoming and template.parts[i] == part else value for i, value in enumerate(last)
                ]
                self.population.assign(mixed)
                active[part].append(~activity.is_dead(self.population.measure(self.samples).n_active[layer]))
        self.population.assign(last)
        return active


def _describe(study: str, networks: Sequence[Network]) -> pd.DataFrame:
    """The identifying columns: study, grid, phase, settings, seed."""
    frame = pd.DataFrame(
        {
            "study": study,
            "grid": [n.grid for n in networks],
            "phase": [n.phase for n in networks],
            **{key: [n.settings[key] for n in networks] for key in SETTINGS},
            "seed": [n.seed for n in networks],
        }
    )
    texts = frame.columns[[isinstance(value, str) for value in frame.iloc[0]]]
    return frame.astype({**dict.fromkeys(texts, "category"), "bias": float})


def _stacked(records: list[dict[str, object]], n: int, keys: Sequence[str] = ()) -> Columns:
    """The first n networks of each record, one record after the other; scalars hold for all networks.

    ``keys`` names the columns where there may be no records.
    """
    columns = {"network": np.tile(np.arange(n), len(records))}
    if not records:
        return columns | {key: np.empty(0) for key in keys}
    for key in records[0]:
        columns[key] = np.concatenate([np.broadcast_to(r[key], np.shape(r[key]) or n)[:n] for r in records])
    return columns


def _table(described: pd.DataFrame, pieces: list[Columns]) -> pd.DataFrame:
    """One table of a job: the identifying columns beside the measured ones; counts as nullable integers."""
    columns = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    frame = described.iloc[columns.pop("network")].reset_index(drop=True).assign(**columns)
    counts = [key for key in columns if key.startswith("n_") or key == "diverged_step"]
    texts = [key for key in columns if key in ("status", "test_shift")]
    return frame.astype({**dict.fromkeys(counts, "Int32"), **dict.fromkeys(texts, "category")})
