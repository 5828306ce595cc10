"""Train the populations of one job and turn what is measured into tables.

Tables (a diverged network has no counts: they are missing, never 0):
    networks: one row a network; settings, seed, outcome.
    activity: one row a network, hidden layer and measured moment; counts of dead units.
    history: one row a network and measured moment; loss, accuracy, size of the updates.
    units: one row a network, hidden layer and status of its units at the end (dead, nearly dead,
        active); their gradients, output ranges and movement over the last epoch, and how many of those that
        died are active once their bias, or their weights, are put back to where they started.
    trajectory: one row a network of a single hidden unit and measured moment; its weights.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from tqdm import tqdm

from dying_relu import activity, datasets, models
from dying_relu.catalogue import INTERVENTIONS
from dying_relu.plan import Job, course, extra_samples, graph, moments, rows, steps_per_epoch
from dying_relu.population import Inspection, Measurement, Population
from dying_relu.seeding import generator
from dying_relu.study import SETTINGS, Network, Study

TABLES = ("networks", "activity", "history", "units", "trajectory")
TRAJECTORY = (
    "step",
    "epoch",
    "unit_weight",
    "unit_weight_norm",
    "unit_bias",
    "output_weight",
    "output_bias",
    "activity_rate",
)
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


def fresh_epoch(study: str, seed: int, epoch: int, settings: dict) -> datasets.Data:
    """The samples of one epoch of a data set whose batches are drawn afresh, in the order of training."""
    n = steps_per_epoch(settings) * settings["batch_size"]
    return datasets.fresh(settings["dataset"], n, study, seed, epoch)


def outlier(study: str, seed: int, x_train: np.ndarray, strength: float) -> tuple[int, np.ndarray]:
    """The sample of the training set that becomes the outlier, and its features, one of them far out.

    That feature, among those that vary, lies 10**strength standard deviations above its mean. The choice
    depends on the seed only.
    """
    draw = generator(study, seed, "outlier")
    sample, feature = draw.integers(len(x_train)), draw.choice(np.flatnonzero(x_train.std(axis=0) > 0))
    x = x_train[sample].copy()
    x[feature] = x_train[:, feature].mean() + 10.0**strength * x_train[:, feature].std()
    return int(sample), x


class _Trainer:
    """One course of training and the populations that go through it."""

    def __init__(self, study: Study, example: Network, compiled: dict[tuple, Population]) -> None:
        settings = example.settings
        self.study, self.settings = study, settings
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
        self.population = self.stages[0]
        self._split = lru_cache(maxsize=None)(lambda seed: datasets.split(self.dataset, study.name, seed))
        self._affine = lru_cache(maxsize=None)(
            lambda seed, scaling: datasets.affine(scaling, self.data.x[self._split(seed)[0]])
        )
        self._weights = lru_cache(maxsize=256)(
            lambda seed, **how: models.initial_weights(self.stages[0].template, how, study.name, seed)
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
            )
        return compiled[key]

    def train(self, networks: Sequence[Network]) -> dict[str, Columns]:
        """Train these networks, at most as many as the population has rows; copies of the last fill it up."""
        filled = [*networks, *[networks[-1]] * (self.size - len(networks))]
        train_samples, test_samples = (
            np.stack(part) for part in zip(*(self._split(n.seed) for n in filled), strict=True)
        )
        self._begin(0, filled, [self._start(n) for n in filled])
        record = _Record(self.population.template, train_samples.shape[1])
        step_before, weights = 0, self.population.weights()
        self.marks = dict.fromkeys(("first", "before", "last epoch"), weights)
        for step, finite in self._segments(filled, train_samples):
            weights, record.template = self.population.weights(), self.population.template
            change = _rms_change(self.marks["before"], weights)
            now = self.population.measure(train_samples)
            record.add(step, now, weights, change / max(step - step_before, 1), finite & np.isfinite(change))
            step_before, self.marks["before"] = step, weights
            if step == self.per_epoch * (self.epochs - 1):
                self.marks["last epoch"] = weights
            if record.diverged.all():
                break
        movement = [b - a for a, b in zip(self.marks["last epoch"], weights, strict=True)]
        inspection = self.population.inspect(train_samples)
        outcome = record.outcome(self.population.measure(test_samples))
        units = _units(record, inspection, movement, self._revived_by_putting_back(weights, train_samples))
        n = len(networks)
        return {
            "networks": _stacked([outcome], n),
            "activity": _stacked(record.activity(self.moments, self.per_epoch), n),
            "history": _stacked(record.history(self.moments, self.per_epoch), n),
            "units": _stacked(units, n),
            "trajectory": _stacked(record.trajectory(self.per_epoch), n, TRAJECTORY),
        }

    def _start(self, network: Network) -> list[np.ndarray]:
        settings = network.settings
        return self._weights(network.seed, **{key: settings[key] for key in ("initializer", "init_scale", "bias")})

    def _begin(self, stage: int, networks: Sequence[Network], variables: list[list[np.ndarray]]) -> None:
        """Go on with the population of a stage, from given variables."""
        self.population = self.stages[stage]
        self.population.reset(
            variables,
            [network.stages[stage]["learning_rate"] for network in networks],
            [self._affine(network.seed, network.settings["scaling"]) for network in networks],
        )

    def _switch(self, networks: Sequence[Network]) -> None:
        """Go on with the second stage from where the first one is; what is marked comes along."""
        old, new = (stage.template for stage in self.stages)
        self._begin(1, networks, [models.carried_over(old, new, values) for values in self.population.variables()])
        now, origins = self.population.weights(), models.counterparts(old, new)
        for name, values in self.marks.items():
            self.marks[name] = [now[i] if origin is None else values[origin] for i, origin in enumerate(origins)]

    def _segments(self, networks: Sequence[Network], samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Train from each measured moment to the next; yields (step, all batch losses so far finite)."""
        finite = np.ones(len(networks), bool)
        yield 0, finite
        step = 0
        for epoch in range(self.epochs):
            first = epoch * self.per_epoch
            intervenes = 0 < epoch == self.intervention_epoch
            if intervenes and len(self.stages) > 1:
                self._switch(networks)
            order = self._order(networks, samples, epoch)
            for stop in [m for m in self.moments if first < m < first + self.per_epoch] + [first + self.per_epoch]:
                before = self.population.weights() if intervenes and step == first else None
                finite = finite & self.population.advance(order, step - first, stop - first)
                if before is not None:
                    self._put_back(networks, before)
                step = stop
                if step in self.moments:
                    yield step, finite

    def _order(self, networks: Sequence[Network], samples: np.ndarray, epoch: int) -> np.ndarray:
        """Which samples make each batch of an epoch, or which batches it has; see `Population.advance`.

        In the epoch after the intervention an outlier takes the first place of the first batch of the networks
        that are to meet one.
        """
        met = [self._meets_outlier(network, epoch) for network in networks]
        outliers = [
            outlier(self.study.name, network.seed, self.data.x[row], network.settings["strength"]) if meets else None
            for network, row, meets in zip(networks, samples, met, strict=True)
        ]
        labels = [self.data.y[row[found[0]]] if found else 0 for row, found in zip(samples, outliers, strict=True)]
        if self.info.source == "fresh":
            return self._fresh_order(networks, epoch, outliers, labels)
        by_seed = {
            network.seed: epoch_order(self.study.name, network.seed, epoch, row, self.batch_size)
            for network, row in {n.seed: (n, row) for n, row in zip(networks, samples, strict=True)}.values()
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
                drawn = fresh_epoch(self.study.name, network.seed, epoch, self.settings)
                self.fresh.x[here], self.fresh.y[here] = drawn.x, drawn.y
                if found:
                    self.fresh.x[here.start], self.fresh.y[here.start] = found[1], label
                place[key] = len(place)
            whose.append(place[key])
        self.population.feed(self.fresh.x[: len(place) * n], self.fresh.y[: len(place) * n])
        batches = np.arange(len(place) * self.per_epoch, dtype=np.int32).reshape(len(place), self.per_epoch, 1)
        return batches[whose].swapaxes(0, 1)

    def _meets_outlier(self, network: Network, epoch: int) -> bool:
        return 0 < epoch == self.intervention_epoch and INTERVENTIONS[network.settings["intervention"]].outlier

    def _put_back(self, networks: Sequence[Network], before: list[np.ndarray]) -> None:
        """Give some variables of some networks the values that they had before."""
        kept = [INTERVENTIONS[network.settings["intervention"]].put_back for network in networks]
        after = self.population.weights()
        for place, part in enumerate(self.population.template.parts):
            rows_back = [part in parts for parts in kept]
            after[place][rows_back] = before[place][rows_back]
        self.population.assign(after)

    def _revived_by_putting_back(self, last: list[np.ndarray], samples: np.ndarray) -> dict[str, list[np.ndarray]]:
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
                active[part].append(~activity.is_dead(self.population.measure(samples).n_active[layer]))
        self.population.assign(last)
        return active


class _Record:
    """What is measured of one population, moment by moment; arrays start with the network."""

    def __init__(self, template: models.Template, n_samples: int) -> None:
        self.n_samples = n_samples
        self.template = template
        self.trackers = [activity.Tracker() for _ in template.activations]
        self.counts: list[list[dict[str, np.ndarray]]] = []
        self.curves: list[dict[str, np.ndarray]] = []
        self.paths: list[dict[str, np.ndarray]] = []
        self.finite: list[np.ndarray] = []
        self.steps: list[int] = []

    def add(
        self, step: int, now: Measurement, weights: list[np.ndarray], update: np.ndarray, finite: np.ndarray
    ) -> None:
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
        if len(now.n_active) == 1 and now.n_active[0].shape[1] == 1:
            self.paths.append(_single_unit(self.template, weights, now.n_active[0][:, 0] / self.n_samples))

    @property
    def diverged(self) -> np.ndarray:
        return ~self.finite[-1]

    @property
    def died(self) -> list[np.ndarray]:
        """For each layer the units that are dead now and were not at first, in networks that are finite."""
        return [tracker.died & self.finite[-1][:, None] for tracker in self.trackers]

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

    def trajectory(self, per_epoch: int) -> list[dict[str, object]]:
        """For each moment until divergence the columns of the table of trajectories; none for larger networks."""
        return [
            {"step": step, "epoch": step / per_epoch}
            | {key: np.where(finite, value.astype(float), np.nan) for key, value in path.items()}
            for step, finite, path in zip(self.steps, self.finite, self.paths, strict=False)
        ]


def _single_unit(template: models.Template, weights: list[np.ndarray], rate: np.ndarray) -> dict[str, np.ndarray]:
    """Weights of networks of one hidden unit, shape (networks,); missing where a network has no such weight."""
    missing = np.full(len(rate), np.nan)
    values = dict.fromkeys(TRAJECTORY[2:-1], missing)
    for place, (part, value) in enumerate(zip(template.parts, weights, strict=True)):
        into = place in template.incoming[0]
        flat = value.reshape(len(rate), -1)
        if part == "bias":
            values["unit_bias" if into else "output_bias"] = flat[:, 0]
        elif into:
            values["unit_weight_norm"] = np.linalg.norm(flat, axis=1)
            values["unit_weight"] = flat[:, 0] if flat.shape[1] == 1 else missing
        else:
            values["output_weight"] = flat[:, 0]
    return {**values, "activity_rate": rate}


def _units(
    record: _Record,
    final: Inspection,
    movement: list[np.ndarray],
    revived: dict[str, list[np.ndarray]],
) -> list[dict[str, object]]:
    """For each layer and status the columns of the table of units."""
    records = []
    for layer, incoming in enumerate(record.template.incoming):
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
            died = record.died[layer] & mask
            columns["n_died"] = died.sum(axis=1)
            for part, active in revived.items():
                columns[f"n_active_{part}_put_back"] = (died & active[layer]).sum(axis=1)
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
    return frame.astype({**dict.fromkeys(counts, "Int32"), **{k: "category" for k in columns if k == "status"}})
