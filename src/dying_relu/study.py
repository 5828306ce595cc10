"""A study: one file in config/studies, read, checked, and completed from the reference network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from dying_relu import config, registry
from dying_relu.catalogue import ACTIVATIONS, ARCHITECTURES, INITIALIZERS, INTERVENTIONS, OPTIMIZERS
from dying_relu.datasets import DATASETS, PORTIONS, SCALINGS, SHIFTS, portion_size
from dying_relu.errors import UserError

# The reference network: what a study gets where it says nothing.
REFERENCE = {
    "dataset": "digits",
    "scaling": "standardised",
    "portion": "all",
    "shift": "none",
    "architecture": "dense",
    "depth": 3,
    "width": 64,
    "activation": "relu",
    "initializer": "he_normal",
    "init_scale": 1.0,
    "bias": 0.0,
    "batch_norm": False,
    "output_layer": True,
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "weight_decay": 0.0,
    "bias_decay": 0.0,
    "activity_penalty": 0.0,
    "batch_size": 50,
    "epochs": 30,
    "intervention": "none",
    "intervention_epoch": 0,
    "rate_factor": 1.0,
    "strength": 0.0,
}
SETTINGS = tuple(REFERENCE)
CHOICES = {
    "dataset": list(DATASETS),
    "scaling": list(SCALINGS),
    "portion": list(PORTIONS),
    "shift": list(SHIFTS),
    "architecture": list(ARCHITECTURES),
    "activation": list(ACTIVATIONS),
    "initializer": list(INITIALIZERS),
    "optimizer": list(OPTIMIZERS),
    "intervention": list(INTERVENTIONS),
}
_MEASURE = {"every_step_until": 10, "growth": 1.5, "parts": False, "layers": False, "shifts": []}
FIRST_CONFIRMATORY_SEED = 1000
PRESETS = Path("config/presets")
STUDIES = Path("config/studies")


@dataclass(frozen=True)
class Preset:
    """How big a run is.

    Attributes:
        draft: whether the paper says on every page that it comes from a reduced run.
        resamples: bootstrap resamples.
        audited: networks of each study that are trained again alone, for comparison.
        epochs: share of each study's epochs that is trained, 1 for all.
    """

    name: str
    draft: bool
    resamples: int
    audited: int
    epochs: float = 1.0


@dataclass(frozen=True)
class Network:
    """One network of a study: where it comes from, its seed, and its complete settings."""

    grid: str
    phase: str  # "pilot" (may be looked at while designing) or "confirmatory" (decides)
    seed: int
    settings: Mapping[str, object]

    @property
    def stages(self) -> list[Mapping[str, object]]:
        """Its settings until the intervention and, if there is one, from then on."""
        return stages(self.settings)


def stages(settings: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Settings until the intervention and, if there is one, from then on."""
    if not settings["intervention_epoch"]:
        return [settings]
    intervention = INTERVENTIONS[settings["intervention"]]
    rate = settings["learning_rate"] * settings["rate_factor"]
    return [{**settings, **intervention.before}, {**settings, **intervention.settings, "learning_rate": rate}]


@dataclass(frozen=True)
class Study:
    """A validated study under a preset.

    Attributes:
        name: the file's name without .yaml.
        settings: complete settings shared by its networks where a grid does not vary them.
        grids: for each named grid the levels of each setting it varies, fully crossed.
        seeds: for each grid the number of seeds in each phase.
        repetitions: of the benchmark, the same.
        measure: when activity is measured: at every step until ``every_step_until``, then at steps
            growing by the factor ``growth``, always at the end of the first epoch, at the start of
            the last, and at the end. ``parts``: whether units are also measured with
            their bias, or weights, put back; ``layers``: whether gradients and outputs are, at the start, after the
            first epoch and at the end; ``shifts``: on which shifted test samples activity is, at the end.
        figures: for each figure its kind and caption.
        benchmark: the timings it takes beside or instead of training, if any.
        epochs: share of the epochs that is trained.
    """

    name: str
    title: str
    question: str
    settings: Mapping[str, object]
    grids: Mapping[str, Mapping[str, list]]
    seeds: Mapping[str, Mapping[str, int]]
    repetitions: Mapping[str, int]
    measure: Mapping[str, object]
    figures: Mapping[str, Mapping[str, str]]
    benchmark: str | None = None
    epochs: float = 1.0

    def figure_name(self, key: str) -> str:
        """File name of a figure: the study's own for the key ``main``, else study_key."""
        return self.name if key == "main" else f"{self.name}_{key}"

    def numbered_seeds(self, grid: str | None = None) -> list[tuple[str, int]]:
        """(phase, seed) of each replicate of a grid, or the benchmark: pilot seeds from 0, confirmatory from 1000."""
        seeds = self.repetitions if grid is None else self.seeds[grid]
        return [("pilot", seed) for seed in range(seeds["pilot"])] + [
            ("confirmatory", FIRST_CONFIRMATORY_SEED + k) for k in range(seeds["confirmatory"])
        ]

    def cells(self) -> Iterator[tuple[str, dict[str, object]]]:
        """(grid, complete settings) of each cell of each grid; cells that shortening makes alike come once."""
        for name, levels in self.grids.items():
            seen = set()
            for values in product(*levels.values()):
                settings = _shortened({**self.settings, **dict(zip(levels, values, strict=True))}, self.epochs)
                if tuple(settings.values()) not in seen:
                    seen.add(tuple(settings.values()))
                    yield name, settings

    def networks(self) -> Iterator[Network]:
        """Every network of the study: each cell with each seed."""
        for grid, settings in self.cells():
            for phase, seed in self.numbered_seeds(grid):
                yield Network(grid, phase, seed, settings)


def load_preset(name: str, folder: Path = PRESETS) -> Preset:
    """Read and check config/presets/<name>.yaml.

    Raises:
        UserError: what is wrong in it.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise UserError(f"{path}: there is no preset '{name}'; known presets: {known}")
    content = config.read_yaml(path)
    config.check(content, config.schema("preset"), path)
    return Preset(name, **content)


def load(path: Path, preset: Preset) -> Study:
    """Read and check one study file under a preset.

    Raises:
        UserError: the first thing wrong in it, as one sentence with file and key.
    """
    path = Path(path)
    content = config.read_yaml(path)
    config.check(content, _study_rules(), path)
    if preset.name not in content["seeds"]:
        raise UserError(f"{path}: seeds: missing key '{preset.name}' (the seeds of the preset in use)")
    grids = {
        name: {key: [_typed({key: level})[key] for level in levels] for key, levels in grid.items()}
        for name, grid in content.get("grids", {}).items()
    }
    study = Study(
        name=path.stem,
        title=content["title"],
        question=content["question"],
        settings={**REFERENCE, **_typed(content.get("settings", {}))},
        grids=grids,
        seeds=_seeds(content["seeds"][preset.name], grids, path),
        repetitions=_phases(content["seeds"][preset.name]),
        measure={**_MEASURE, **content.get("measure", {})},
        figures=content.get("figures", {}),
        benchmark=content.get("benchmark"),
        epochs=preset.epochs,
    )
    _check_meaning(replace(study, epochs=1.0), path)  # a reduced run hides no mistake
    return study


def load_all(preset: Preset, folder: Path = STUDIES) -> dict[str, Study]:
    """Every study of the folder by name, in alphabetical order."""
    return {path.stem: load(path, preset) for path in sorted(folder.glob("*.yaml"))}


def _settings_rules() -> dict:
    rules = config.schema("study")["$defs"]["settings"]
    for key, names in CHOICES.items():
        rules["properties"][key]["enum"] = names
    return rules


def _study_rules() -> dict:
    rules = config.schema("study")
    rules["properties"]["benchmark"]["enum"] = list(registry.marked("timing", "benchmark"))
    rules["properties"]["measure"]["properties"]["shifts"]["items"]["enum"] = list(SHIFTS)
    settings = rules["$defs"]["settings"] = _settings_rules()
    rules["properties"]["grids"]["additionalProperties"] |= {
        "additionalProperties": False,
        "properties": {
            key: {"type": "array", "minItems": 1, "uniqueItems": True, "items": rule}
            for key, rule in settings["properties"].items()
        },
    }
    return rules


def _seeds(given: Mapping[str, object], grids: Mapping[str, object], path: Path) -> dict[str, dict[str, int]]:
    """The seeds of each grid: its own where it has any, else those of the study."""
    own = given.get("grids", {})
    for name in own:
        if name not in grids:
            raise UserError(f"{path}: seeds: grids.{name}: there is no such grid; known: {', '.join(grids)}")
    return {name: {**_phases(given), **own.get(name, {})} for name in grids}


def _phases(given: Mapping[str, object]) -> dict[str, int]:
    return {phase: given[phase] for phase in ("pilot", "confirmatory")}


def _shortened(settings: dict[str, object], share: float) -> dict[str, object]:
    """Settings with a share of the epochs, at least one before and one after an intervention."""
    if share == 1:
        return settings
    intervention = settings["intervention_epoch"]
    epochs = max(round(share * settings["epochs"]), 2 if intervention else 1)
    if intervention:
        intervention = max(1, min(round(share * intervention), epochs - 1))
    return {**settings, "epochs": epochs, "intervention_epoch": intervention}


def _typed(settings: Mapping[str, object]) -> dict[str, object]:
    """Whole numbers as int where the setting counts something, other numbers as float."""
    return {key: value if value is None else type(REFERENCE[key])(value) for key, value in settings.items()}


def _check_meaning(study: Study, path: Path) -> None:
    """What a schema cannot say: figures are known, batches fit the data set, no network is planned twice."""
    if not study.grids and not study.benchmark:
        raise UserError(f"{path}: missing key 'grids' (what is trained), or 'benchmark' (what is timed)")
    if not path.stem.isidentifier() or path.stem != path.stem.lower():
        raise UserError(f"{path}: the file's name must be lower-case letters, digits and underscores")
    kinds = registry.marked("figure_data", "kind")
    needed = registry.keyword("figure_data", "kind", "grids")
    made = {key: bool(study.measure[key]) for key in ("layers", "shifts")} | {"timings": study.benchmark is not None}
    made["shifted"] = made.pop("shifts")
    for key, figure in study.figures.items():
        if figure["kind"] not in kinds:
            raise UserError(f"{path}: figures.{key}.kind: unknown value '{figure['kind']}'; known: {', '.join(kinds)}")
        missing = set(needed[figure["kind"]]) - set(study.grids)
        if missing:
            raise UserError(f"{path}: figures.{key}.kind: {figure['kind']} draws the grid '{min(missing)}'; add it")
        for table in kinds[figure["kind"]]:
            if not made.get(table, bool(study.grids)):
                raise UserError(
                    f"{path}: figures.{key}.kind: {figure['kind']} draws the table '{table}', which the study does not "
                    "make; see 'measure' and 'benchmark'"
                )
    seen: dict[tuple, str] = {}
    for grid, settings in study.cells():
        problem = _problem(settings)
        if problem:
            raise UserError(f"{path}: grids.{grid}: {problem}")
        cell = tuple(settings.values())
        if cell in seen:
            other = seen[cell]
            raise UserError(f"{path}: grids.{grid}: plans a network that grids.{other} already has; separate them")
        seen[cell] = grid


def _problem(settings: Mapping[str, object]) -> str | None:
    """What settings ask for that cannot be, as the rest of a sentence."""
    name, intervention, epoch = (settings[key] for key in ("dataset", "intervention", "intervention_epoch"))
    info, epochs = DATASETS[name], settings["epochs"]
    sizes = [portion_size(stage["portion"], info.n_train) for stage in stages(settings)]
    if settings["batch_size"] > min(sizes):
        return f"batch_size: {settings['batch_size']} is more than the {min(sizes)} training samples of {name}"
    if not settings["output_layer"] and settings["width"] != info.n_outputs:
        return (
            f"width: without output_layer it must be the {info.n_outputs} outputs of {name}, found {settings['width']}"
        )
    if settings["architecture"] != "dense":
        if info.image is None:
            return f"architecture: '{settings['architecture']}' needs images, which {name} is not; use digits"
        most = (min(info.image[:2]) - 1) // 2
        if settings["depth"] > most or not settings["output_layer"]:
            return f"depth: a layer of patches takes 2 from the image's sides: at most {most} layers, then an output"
    if (intervention != "none" or settings["rate_factor"] != 1) and not 0 < epoch < epochs:
        return (
            f"intervention_epoch must lie between 1 and {epochs - 1} for '{intervention}' to happen in training, "
            f"found {epoch}"
        )
    return None
