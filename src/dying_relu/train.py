"""Train the populations of one job and turn what is measured into tables.

Tables (a diverged network has no counts: they are missing, never 0):
    networks: one row a network; settings, seed, outcome.
    activity: one row a network, hidden layer and measured moment; counts of dead units.
    history: one row a network and measured moment; loss, accuracy, size of the updates.
    units: one row a network, hidden layer and status of its units at the end (dead, nearly dead,
        active); their gradients, output ranges and movement over the last epoch.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from tqdm import tqdm

from dying_relu import activity, datasets, models
from dying_relu.plan import Job, graph, moments, rows, steps_per_epoch
from dying_relu.population import Inspection, Measurement, Population
from dying_relu.seeding import generator
from dying_relu.study import SETTINGS, Network, Study

TABLES = ("networks", "activity", "history", "units")
Columns = dict[str, np.ndarray]  # of a table; "network" counts the networks, the others are measured


def train(job: Job, progress: tqdm | None = None) -> dict[str, pd.DataFrame]:
    """Train every network of the job; returns the tables named in `TABLES`."""
    with np.errstate(invalid="ignore", over="ignore"):  # diverged rows hold what they hold
        return _train(job, progress)


def _train(job: Job, progress: tqdm | None) -> dict[str, pd.DataFrame]:
    pieces: dict[str, list[Columns]] = {name: [] for name in TABLES}
    key, trainer, done = None, None, 0
    for networks in job.populations:
        if graph(networks[0]) != key:
            key, trainer = graph(networks[0]), _Trainer(job.study, networks[0])
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


class _Trainer:
    """One compiled graph and the populations that pass through it."""

    def __init__(self, study: Study, example: Network) -> None:
        settings = example.settings
        self.study = study
        self.data = datasets.load(settings["dataset"])
        self.dataset, self.batch_size = settings["dataset"], settings["batch_size"]
        self.per_epoch, self.epochs = steps_per_epoch(settings), settings["epochs"]
        self.moments = moments(study.measure, settings)
        self.template = models.build(settings)
        n_train = datasets.DATASETS[self.dataset].n_train
        n_longest = max(n_train, len(self.data.x) - n_train)
        self.size = rows(example)
        self.population = Population(
            self.template, settings["optimizer"], self.data.x, self.data.y, self.size, n_longest
        )
        self._split = lru_cache(maxsize=None)(lambda seed: datasets.split(self.dataset, study.name, seed))
        self._affine = lru_cache(maxsize=None)(
            lambda seed, scaling: datasets.affine(scaling, self.data.x[self._split(seed)[0]])
        )
        self._weights = lru_cache(maxsize=256)(
            lambda seed, initializer, bias: models.initial_weights(
                self.template, {"initializer": initializer, "bias": bias}, study.name, seed
            )
        )

    def train(self, networks: Sequence[Network]) -> dict[str, Columns]:
        """Train these networks, at most as many as the population has rows; copies of the last fill it up."""
        filled = [*networks, *[networks[-1]] * (self.size - len(networks))]
        train_samples, test_samples = (
            np.stack(part) for part in zip(*(self._split(n.seed) for n in filled), strict=True)
        )
        self.population.reset(
            [self._weights(n.seed, n.settings["initializer"], n.settings["bias"]) for n in filled],
            [n.settings["learning_rate"] for n in filled],
            [self._affine(n.seed, n.settings["scaling"]) for n in filled],
        )
        record = _Record(len(self.template.activations), train_samples.shape[1])
        step_before, weights_before = 0, self.population.weights()
        last_epoch = weights_before
        for step, finite in self._segments([n.seed for n in filled], train_samples):
            weights = self.population.weights()
            change = _rms_change(weights_before, weights)
            now = self.population.measure(train_samples)
            record.add(step, now, change / max(step - step_before, 1), finite & np.isfinite(change))
            step_before, weights_before = step, weights
            if step == self.per_epoch * (self.epochs - 1):
                last_epoch = weights
            if record.diverged.all():
                break
        movement = [b - a for a, b in zip(last_epoch, weights, strict=True)]
        units = _units(self.template, record, self.population.inspect(train_samples), movement)
        n = len(networks)
        return {
            "networks": _stacked([record.outcome(self.population.measure(test_samples))], n),
            "activity": _stacked(record.activity(self.moments, self.per_epoch), n),
            "history": _stacked(record.history(self.moments, self.per_epoch), n),
            "units": _stacked(units, n),
        }

    def _segments(self, seeds: Sequence[int], samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Train from each measured moment to the next; yields (step, all batch losses so far finite)."""
        finite = np.ones(len(seeds), bool)
        yield 0, finite
        step = 0
        for epoch in range(self.epochs):
            by_seed = {
                seed: epoch_order(self.study.name, seed, epoch, row, self.batch_size)
                for seed, row in zip(seeds, samples, strict=True)
            }
            order = np.stack([by_seed[seed] for seed in seeds], axis=1)
            first = epoch * self.per_epoch
            for stop in [m for m in self.moments if first < m < first + self.per_epoch] + [first + self.per_epoch]:
                finite = finite & self.population.advance(order, step - first, stop - first)
                step = stop
                if step in self.moments:
                    yield step, finite


class _Record:
    """What is measured of one population, moment by moment; arrays start with the network."""

    def __init__(self, depth: int, n_samples: int) -> None:
        self.n_samples = n_samples
        self.trackers = [activity.Tracker() for _ in range(depth)]
        self.counts: list[list[dict[str, np.ndarray]]] = []
        self.curves: list[dict[str, np.ndarray]] = []
        self.finite: list[np.ndarray] = []
        self.steps: list[int] = []

    def add(self, step: int, now: Measurement, update: np.ndarray, finite: np.ndarray) -> None:
        finite = finite & np.isfinite(now.loss)
        if self.finite:
            finite &= self.finite[-1]
        self.now = now
        self.steps.append(step)
        self.finite.append(finite)
        self.counts.append(
            [
                tracker.record(active, mean, self.n_samples)
                for tracker, active, mean in zip(self.trackers, now.n_active, now.mean_output, strict=True)
            ]
        )
        self.curves.append({"train_loss": now.loss, "train_accuracy": now.accuracy, "update_rms": update})

    @property
    def diverged(self) -> np.ndarray:
        return ~self.finite[-1]

    def outcome(self, test: Measurement) -> dict[str, np.ndarray]:
        """Columns of the table of networks."""
        n_units = sum(active.shape[1] for active in self.now.n_active)
        finite = np.stack(self.finite)
        steps = np.array([*self.steps, -1])
        first_bad = np.where(finite.all(axis=0), -1, steps[np.argmin(finite, axis=0)])
        dead = {
            "dead_fraction": sum(layer["n_dead"] for layer in self.counts[-1]) / n_units,
            "born_dead_fraction": sum(layer["n_dead"] for layer in self.counts[0]) / n_units,
        }
        measured = {
            "train_loss": self.now.loss,
            "test_loss": test.loss,
            "train_accuracy": self.now.accuracy,
            "test_accuracy": test.accuracy,
            "dead_fraction": dead["dead_fraction"],
        }
        return {
            "diverged": self.diverged,
            "diverged_step": np.where(first_bad < 0, np.nan, first_bad),
            **{name: np.where(self.diverged, np.nan, value.astype(float)) for name, value in measured.items()},
            "born_dead_fraction": dead["born_dead_fraction"].astype(float),
        }

    def activity(self, planned: Sequence[int], per_epoch: int) -> list[dict[str, object]]:
        """For each planned moment and layer the columns of the table of activity."""
        records = []
        for place, step in enumerate(planned):
            here = min(place, len(self.steps) - 1)  # all diverged before: still without counts
            for layer, counts in enumerate(self.counts[here], start=1):
                fixed = {"step": step, "epoch": step / per_epoch, "layer": layer}
                n_units = self.now.n_active[layer - 1].shape[1]
                known = {k: np.where(self.finite[here], v, np.nan) for k, v in counts.items()}
                records.append({**fixed, "n_units": n_units, **known})
        return records

    def history(self, planned: Sequence[int], per_epoch: int) -> list[dict[str, object]]:
        """For each planned moment the columns of the table of history."""
        records = []
        for place, step in enumerate(planned):
            here = min(place, len(self.steps) - 1)
            finite = self.finite[here]
            curves = {k: np.where(finite, v.astype(float), np.nan) for k, v in self.curves[here].items()}
            records.append({"step": step, "epoch": step / per_epoch, **curves})
        return records


def _units(
    template: models.Template,
    record: _Record,
    final: Inspection,
    movement: list[np.ndarray],
) -> list[dict[str, object]]:
    """For each layer and status the columns of the table of units."""
    records = []
    for layer, incoming in enumerate(template.incoming):
        now = record.now
        values = {
            "gradient": _norm_by_unit([final.gradients[i] for i in incoming]),
            "output_range": final.output_range[layer],
            "movement": _norm_by_unit([movement[i] for i in incoming]),
        }
        for status, mask in activity.status(now.n_active[layer], record.n_samples).items():
            mask = mask & ~record.diverged[:, None]
            columns = {"layer": layer + 1, "status": status, "n_units": mask.sum(axis=1)}
            for name, value in values.items():
                columns[f"{name}_max"] = np.where(mask, value, -np.inf).max(axis=1)
                columns[f"{name}_mean"] = np.where(mask, value, 0).sum(axis=1) / mask.sum(axis=1)
                columns[f"{name}_max"][~mask.any(axis=1)] = np.nan
            records.append(columns)
    return records


def _norm_by_unit(values: Sequence[np.ndarray]) -> np.ndarray:
    """Euclidean norm over everything but network and unit (the last axis), shape (networks, units)."""
    return np.sqrt(sum((v.astype(float) ** 2).sum(axis=tuple(range(1, v.ndim - 1))) for v in values))


def _rms_change(before: list[np.ndarray], after: list[np.ndarray]) -> np.ndarray:
    """Root mean square change over all weights of each network, shape (networks,)."""
    pairs = zip(before, after, strict=True)
    total = sum(np.square(b - a).reshape(len(a), -1).sum(axis=1, dtype=float) for a, b in pairs)
    return np.sqrt(total / sum(a[0].size for a in before))


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


def _stacked(records: list[dict[str, object]], n: int) -> Columns:
    """The first n networks of each record, one record after the other; scalars hold for all networks."""
    columns = {"network": np.tile(np.arange(n), len(records))}
    for key in records[0]:
        columns[key] = np.concatenate([np.broadcast_to(r[key], np.shape(r[key]) or n)[:n] for r in records])
    return columns


def _table(described: pd.DataFrame, pieces: list[Columns]) -> pd.DataFrame:
    """One table of a job: the identifying columns beside the measured ones; counts as nullable integers."""
    columns = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    frame = described.iloc[columns.pop("network")].reset_index(drop=True).assign(**columns)
    counts = [key for key in columns if key.startswith("n_") or key == "diverged_step"]
    return frame.astype({**dict.fromkeys(counts, "Int32"), **{k: "category" for k in columns if k == "status"}})
