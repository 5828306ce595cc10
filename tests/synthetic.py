"""Tables of a study with made-up values, of the form that training gives them: for tests that need tables of any study.

Values are random but possible: counts no larger than what they are of, shares between 0 and 1, losses positive. They
depend on the network's settings and seed alone. No figure or number of the paper is made from them.
"""

from itertools import product

import numpy as np
import pandas as pd

from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.design.datasets import DATASETS, portion_size
from dying_relu.design.study import Network, Study

STATUSES = ("dead", "nearly dead", "active")
PARTS = ("forward", "both passes", "training step")


def tables(study: Study, diverged: float = 0.1, seed: int = 0) -> dict[str, pd.DataFrame]:
    """All tables that a study makes, each with a row as training has it.

    Args:
        diverged: the share of networks that diverge, at a moment after the first epoch; 1 for all.
    """
    networks = list(study.networks())
    made: dict[str, list[Columns]] = {name: [] for name in sorted(study.tables - {"timings"})}
    for place, network in enumerate(networks):
        draw = np.random.default_rng([seed, place])
        for name, columns in _network(study, network, draw.random() < diverged, draw).items():
            if name in made:
                made[name].append({"network": place, **columns})
    found = {name: _stacked(study, networks, pieces or [_EMPTY]) for name, pieces in made.items()}
    if study.timings:
        found["timings"] = _timings(study, np.random.default_rng(seed))
    return found


TRAJECTORY = ("step", "epoch", "unit_weight", "unit_weight_norm", "unit_bias", "output_weight", "output_bias")
TRAJECTORY += ("activity_rate",)
Columns = dict[str, object]  # of one network: arrays of equal length, or values that hold for all rows
_EMPTY: Columns = {"network": np.empty(0, int), **dict.fromkeys(TRAJECTORY, np.empty(0))}


def moments(study: Study, network: Network) -> list[int]:
    """A few steps, those that the tables always have among them."""
    per_epoch, epochs, start = steps_per_epoch(network), network.settings.epochs, network.settings.intervention_epoch
    last = per_epoch * epochs
    steps = {0, 1, min(study.measure.every_step_until, last), per_epoch, last - per_epoch, last}
    steps |= {per_epoch * start, per_epoch * start + 1} if start else set()
    return sorted(step for step in steps if 0 <= step <= last)


def steps_per_epoch(network: Network) -> int:
    """Optimiser steps an epoch, as config/README.md defines them."""
    info, change = DATASETS[network.settings.dataset], INTERVENTIONS[network.settings.intervention]
    portions = {settings.get("portion", network.settings.portion) for settings in (change.before, change.settings)}
    return info.steps or min(portion_size(p, info.n_train) for p in portions) // network.settings.batch_size


def _network(study: Study, network: Network, diverges: bool, draw: np.random.Generator) -> dict[str, Columns]:
    settings, per_epoch = network.settings, steps_per_epoch(network)
    steps = np.array(moments(study, network))
    finite = (steps <= per_epoch) & (steps < steps[-1]) | (not diverges)
    ends, n = bool(finite[-1]), len(steps)
    moment = {"step": steps, "epoch": steps / per_epoch}
    layers = [_life(layer, settings, steps, finite, per_epoch, draw) for layer in range(1, settings.depth + 1)]
    lives = {key: np.concatenate([np.broadcast_to(life[key], n) for life in layers]) for key in layers[0]}
    final = [life["n_dead"][-1] for life in layers]
    accuracy = np.nan if DATASETS[settings.dataset].regression or not ends else draw.uniform(0.1, 1)
    losses = draw.lognormal(size=2) if ends else [np.nan, np.nan]
    outcome = {"diverged": not ends, "diverged_step": np.nan if ends else steps[np.argmin(finite)]}
    outcome |= {"train_loss": losses[0], "test_loss": losses[1], "train_accuracy": accuracy, "test_accuracy": accuracy}
    outcome |= {"dead_fraction": sum(final) / settings.width / settings.depth if ends else np.nan}
    outcome |= {"born_dead_fraction": sum(life["n_dead"][0] for life in layers) / settings.width / settings.depth}
    outcome |= {"pruned_loss": losses[0] if study.measure.pruned else np.nan}
    curves = {"train_loss": draw.lognormal(size=n), "train_accuracy": np.linspace(accuracy / 2, accuracy, n)}
    curves["update_rms"] = draw.lognormal(-3, 1, n) * (steps > 0)
    parts: dict[str, Columns] = {
        "networks": outcome,
        "activity": {**{key: np.tile(value, settings.depth) for key, value in moment.items()}, **lives},
        "history": {**moment, **{key: np.where(finite, value, np.nan) for key, value in curves.items()}},
    }
    if "units" in study.tables:
        parts["units"] = _units(settings, ends, study.measure.parts, draw)
    if "layers" in study.tables:
        parts["layers"] = _layers(settings.depth, [0, per_epoch, steps[-1]] if ends else [0], per_epoch, draw)
    if "causes" in study.tables:
        parts["causes"] = _causes(settings, [1, steps[-1]] if ends else [1], per_epoch, draw)
    if "shifted" in study.tables:
        parts["shifted"] = _shifted(study.measure.shifts, settings, final, ends, accuracy, draw)
    if "definitions" in study.tables:
        parts["definitions"] = _definitions(study.measure.shifts, settings, final, ends, draw)
        limits = ("zero_below", "zero_above", "zero_below_plain", "zero_above_plain")
        parts["slopes"] = _columns([dict.fromkeys(limits, np.inf) | {"zero_below": 17.4}])
    if settings.depth == settings.width == 1:
        m, missing = int(finite.sum()), np.full(int(finite.sum()), np.nan)
        parts["trajectory"] = {key: value[finite] for key, value in moment.items()} | {
            "unit_weight": draw.normal(size=m),
            "unit_weight_norm": draw.lognormal(size=m),
            "unit_bias": missing if settings.bias is None else -np.sort(draw.random(m)),
            "output_weight": draw.normal(size=m) if settings.output_layer else missing,
            "output_bias": draw.normal(size=m) if settings.output_layer else missing,
            "activity_rate": draw.random(m),
        }
    return parts


def _life(layer, settings, steps, finite, per_epoch, draw) -> Columns:
    """One layer's counts over the moments; in the first layer nothing comes back."""
    width, start = settings.width, settings.intervention_epoch * per_epoch
    dead = draw.integers(0, width + 1, len(steps))
    dead = np.sort(dead) if layer == 1 else dead
    before = np.concatenate([dead[:1], dead[:-1]])
    followed = (dead[np.searchsorted(steps, start)] if start else 0) * (steps > start)
    back = draw.integers(0, followed + 1)
    counts = {
        "n_dead": dead,
        "n_nearly_dead": draw.integers(0, width - dead + 1),
        "n_born_dead": np.full(len(steps), dead[0]),
        "n_died": np.maximum(dead - before, 0),
        "n_died_again": np.maximum(dead - before, 0) // 2,
        "n_revived": np.maximum(before - dead, 0),
        "n_ever_dead": np.maximum.accumulate(dead),
        "n_followed": followed,
        "n_back": back,
        "n_returned": np.maximum.accumulate(back),
        "n_closed": dead,
        "n_reopened": back,
        "n_ever_reopened": np.maximum.accumulate(back),
        "n_born_one_sided": np.full(len(steps), dead[0]),
        "n_ever_crossed": np.sort(draw.integers(0, dead[0] + 1, len(steps))),
        **{f"n_dormant_{tau}": dead for tau in ("0", "0.025", "0.1")},
        "n_dead_strict": np.minimum(dead + 1, width),
        "n_dead_lenient": np.maximum(dead - 1, 0),
        "activity_rate": draw.random(len(steps)),
        "zero_share": draw.random(len(steps)),
    }
    return {"layer": layer, "n_units": width, **{key: np.where(finite, value, np.nan) for key, value in counts.items()}}


def _units(settings, finite, parts, draw) -> Columns:
    rows = []
    for layer in range(1, settings.depth + 1):
        cuts = np.sort(draw.integers(0, settings.width + 1, 2))
        for status, n in zip(STATUSES, (cuts[0], cuts[1] - cuts[0], settings.width - cuts[1]), strict=True):
            n = n if finite else 0
            values = {}
            for name in ("gradient", "output_range", "movement"):
                size = 0.0 if status == "dead" and name != "movement" else draw.lognormal()
                values |= {f"{name}_max": 2 * size if n else np.nan, f"{name}_mean": size if n else np.nan}
            values |= {"n_units_before": n, "movement_before_mean": values["movement_mean"]}
            died = n if status == "dead" else 0
            back = draw.integers(0, died + 1, 2) if parts else (np.nan, np.nan)
            positive = np.nan if settings.bias is None else draw.integers(0, n + 1)
            put_back = {
                "n_bias_positive": positive,
                "n_active_bias_put_back": back[0],
                "n_active_weights_put_back": back[1],
            }
            rows.append({"layer": layer, "status": status, "n_units": n, **values, "n_died": died, **put_back})
    return _columns(rows)


def _causes(settings, steps, per_epoch, draw) -> Columns:
    rows = []
    for step, layer, event in product(dict.fromkeys(steps), range(1, settings.depth + 1), ("death", "revival")):
        n = draw.integers(0, settings.width + 1) if layer > 1 or event == "death" else 0
        credit = draw.dirichlet(np.ones(3)) * n if layer > 1 else np.array([0, n, 0])
        row = {"step": step, "epoch": step / per_epoch, "layer": layer, "event": event, "n_events": n, "n_clear": n}
        for part, share in zip(("inputs", "weights", "bias"), credit, strict=True):
            row |= {f"n_undone_{part}": int(share), f"n_alone_{part}": int(share), f"credit_{part}": share}
        rows.append(row | {"moved_by_inputs": float(layer > 1), "moved_by_own": draw.random(), "moved": draw.random()})
    return _columns(rows)


def _layers(depth, steps, per_epoch, draw) -> Columns:
    names = ("gradient_norm", "largest", "mean_output")
    return _columns(
        [
            {"step": step, "epoch": step / per_epoch, "layer": layer}
            | dict(zip(names, draw.lognormal(size=3), strict=True))
            | {"zero_share": draw.random()}
            for step in dict.fromkeys(steps)
            for layer in range(1, depth + 1)
        ]
    )


def _shifted(shifts, settings, final, finite, accuracy, draw) -> Columns:
    rows, units = [], settings.width
    for shift in shifts:
        for layer, dead in enumerate(final, start=1):
            counts = dict.fromkeys(("n_dead", "n_dead_shifted", "n_dead_both"), np.nan)
            if finite:
                there, dead = draw.integers(0, units + 1), int(dead)
                both = draw.integers(max(0, there + dead - units), min(there, dead) + 1)
                counts = {"n_dead": dead, "n_dead_shifted": there, "n_dead_both": both}
            rows.append({"test_shift": shift, "layer": layer, "n_units": units, **counts, "shifted_accuracy": accuracy})
    return _columns(rows)


BATCHES = ("test", *(str(2**k) for k in range(3, 10)))
CERTAIN = ("active_0.01", "dormant_0", "dormant_0.025", "dormant_0.1", "frozen")  # units that are dead are also this


def _definitions(shifts, settings, final, finite, draw) -> Columns:
    rows, units = [], settings.width
    elsewhere = ["test", *(f"test_{shift}" for shift in shifts)]
    elsewhere += ["dense_grid"] if DATASETS[settings.dataset].n_features == 1 else []
    likely = [*(f"batch_{size}" for size in BATCHES), "some_batch"]
    for layer, dead in enumerate(final, start=1):
        for name in (*elsewhere, *likely, *CERTAIN):
            n, both = units * draw.random(), 0
            if finite and name in elsewhere:
                n = int(n)
                both = draw.integers(max(0, n + int(dead) - units), min(n, int(dead)) + 1)
            elif finite:
                n, both = dead + (units - dead) * draw.random(), dead
                n = int(n) if name in CERTAIN else n
            counts = (
                {"n": n, "n_dead": dead, "n_both": both} if finite else dict.fromkeys(("n", "n_dead", "n_both"), np.nan)
            )
            rows.append({"definition": name, "layer": layer, "n_units": units, **counts})
    silent = float(max(final) == units) if finite else np.nan
    counts = {"n": silent, "n_dead": silent, "n_both": silent}
    return _columns([*rows, {"definition": "constant_output", "layer": 0, "n_units": 1, **counts}])


def _columns(rows: list[dict]) -> Columns:
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def _stacked(study: Study, networks: list[Network], pieces: list[Columns]) -> pd.DataFrame:
    """The pieces of all networks one after the other, each row beside what its network is."""
    sizes = [max(np.size(value) for value in piece.values()) for piece in pieces]
    columns = {
        key: np.concatenate([np.broadcast_to(piece[key], n) for piece, n in zip(pieces, sizes, strict=True)])
        for key in pieces[0]
    }
    described = pd.DataFrame(
        [{"study": study.name, "grid": n.grid, "phase": n.phase, **dict(n.settings), "seed": n.seed} for n in networks]
    )
    frame = described.iloc[columns.pop("network").astype(int)].reset_index(drop=True).assign(**columns)
    counts = [key for key in columns if key.startswith("n_") or key == "diverged_step"]
    texts = [key for key in described if isinstance(described[key].iloc[0], str)]
    texts += [key for key in ("status", "test_shift", "definition") if key in columns]
    return frame.astype({**dict.fromkeys(counts, "Int32"), **dict.fromkeys(texts, "category"), "bias": float})


def _timings(study: Study, draw: np.random.Generator) -> pd.DataFrame:
    from dying_relu.engine import timings

    rows = []
    for phase, seed in study.numbered_seeds():
        if study.timings == "activation_cost":
            cells = [{"part": part, "activation": name} for part in PARTS for name in timings.COSTED]
        else:
            cells = [
                {"batch": b, "width": w, "density": d, "library": library, "with_conversion": converted}
                for b in timings.BATCHES
                for w in timings.WIDTHS
                for d in timings.DENSITIES
                for library in ("scipy", "tensorflow")
                for converted in (False, True)
            ]
        rows += [{**cell, "ratio": draw.lognormal(), "phase": phase, "seed": seed} for cell in cells]
    frame = pd.DataFrame(rows).assign(study=study.name)
    if "part" in frame:
        frame.loc[frame["activation"] == "relu", "ratio"] = 1.0
    return frame
