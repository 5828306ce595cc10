"""What is measured of a population on its way, and how it becomes the columns of tables.

Arrays start with the network; a diverged network has no counts: they are missing, never 0.
"""

from collections.abc import Sequence

import numpy as np

from dying_relu import activity
from dying_relu.models import Template
from dying_relu.population import Inspection, Measurement

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


class Record:
    """What is measured of one population, moment by moment; arrays start with the network."""

    def __init__(self, template: Template, n_samples: int) -> None:
        self.n_samples = n_samples
        self.template = template
        self.trackers = [activity.Tracker() for _ in template.activations]
        self.counts: list[list[dict[str, np.ndarray]]] = []
        self.curves: list[dict[str, np.ndarray]] = []
        self.paths: list[dict[str, np.ndarray]] = []
        self.finite: list[np.ndarray] = []
        self.steps: list[int] = []

    def begin_recovery(self) -> None:
        """From now on the units that are dead now are followed; see `activity.Tracker`."""
        for tracker in self.trackers:
            tracker.begin_recovery()

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
                tracker.record(now.n_active[layer], now.n_open[layer], now.mean_output[layer], self.n_samples)
                | {
                    "n_dead_strict": activity.is_dead(now.n_active_strict[layer]).sum(axis=1),
                    "n_dead_lenient": activity.is_dead(now.n_active_lenient[layer]).sum(axis=1),
                    "activity_rate": now.n_active[layer].mean(axis=1) / self.n_samples,
                    "zero_share": now.zero_share[layer],
                }
                for layer, tracker in enumerate(self.trackers)
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

    def layers(self, now: Inspection, step: int, per_epoch: int) -> list[dict[str, object]]:
        """For each layer the columns of the table of layers at this moment."""
        records = []
        finite = self.finite[-1]
        for layer, incoming in enumerate(self.template.incoming):
            gradient = norm_by_unit([now.gradients[i] for i in incoming], now.largest[layer].shape[1])
            values = {
                "gradient_norm": np.sqrt((gradient**2).sum(axis=1)),
                "largest": np.maximum(now.largest[layer], -now.smallest[layer]).max(axis=1),
                "mean_output": self.now.mean_output[layer].mean(axis=1),
                "zero_share": self.now.zero_share[layer],
            }
            known = {k: np.where(finite, v.astype(float), np.nan) for k, v in values.items()}
            records.append({"step": step, "epoch": step / per_epoch, "layer": layer + 1, **known})
        return records

    def shifted(self, shift: str, there: Measurement) -> list[dict[str, object]]:
        """For each layer the columns of the table of shifted test samples: dead units here, there, and in both."""
        records = []
        for layer, (here, other) in enumerate(zip(self.now.n_active, there.n_active, strict=True), start=1):
            dead, dead_there = activity.is_dead(here), activity.is_dead(other)
            counts = {"n_dead": dead, "n_dead_shifted": dead_there, "n_dead_both": dead & dead_there}
            known = {k: np.where(self.diverged, np.nan, v.sum(axis=1)) for k, v in counts.items()}
            accuracy = np.where(self.diverged, np.nan, there.accuracy.astype(float))
            fixed = {"test_shift": shift, "layer": layer, "n_units": here.shape[1]}
            records.append({**fixed, **known, "shifted_accuracy": accuracy})
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


def _single_unit(template: Template, weights: list[np.ndarray], rate: np.ndarray) -> dict[str, np.ndarray]:
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


def units(
    record: Record,
    final: Inspection,
    movement: list[np.ndarray],
    revived: dict[str, list[np.ndarray]] | None,
) -> list[dict[str, object]]:
    """For each layer and status the columns of the table of units."""
    records = []
    for layer, incoming in enumerate(record.template.incoming):
        now = record.now
        n_units = now.n_active[layer].shape[1]
        values = {
            "gradient": norm_by_unit([final.gradients[i] for i in incoming], n_units),
            "output_range": final.largest[layer] - final.smallest[layer],
            "movement": norm_by_unit([movement[i] for i in incoming], n_units),
        }
        for status, mask in activity.status(now.n_active[layer], record.n_samples).items():
            mask = mask & ~record.diverged[:, None]
            columns = {"layer": layer + 1, "status": status, "n_units": mask.sum(axis=1)}
            for name, value in values.items():
                columns[f"{name}_max"] = np.where(mask, value, -np.inf).max(axis=1)
                columns[f"{name}_mean"] = np.where(mask, value, 0).sum(axis=1) / np.where(
                    mask.any(axis=1), mask.sum(axis=1), np.nan
                )
                columns[f"{name}_max"][~mask.any(axis=1)] = np.nan
            died = record.died[layer] & mask
            columns["n_died"] = died.sum(axis=1)
            for part in ("bias", "weights"):
                active = died & revived[part][layer] if revived else None
                columns[f"n_active_{part}_put_back"] = (
                    np.full(len(mask), np.nan) if active is None else active.sum(axis=1)
                )
            records.append(columns)
    return records


def norm_by_unit(values: Sequence[np.ndarray], n_units: int) -> np.ndarray:
    """Euclidean norm over everything but network and unit (the last axes), shape (networks, units)."""
    return np.sqrt(sum((v.astype(float) ** 2).reshape(len(v), -1, n_units).sum(axis=1) for v in values))


def rms_change(before: list[np.ndarray], after: list[np.ndarray]) -> np.ndarray:
    """Root mean square change over all weights of each network, shape (networks,)."""
    pairs = zip(before, after, strict=True)
    total = sum(np.square(b - a).reshape(len(a), -1).sum(axis=1, dtype=float) for a, b in pairs)
    return np.sqrt(total / sum(a[0].size for a in before))
