"""A study: one file in config/studies, read, checked, and completed from the reference network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from dying_relu import studies
from dying_relu.design import course, reading, sizes
from dying_relu.design.catalogue import INTERVENTIONS
from dying_relu.design.course import Course, Measure, Network
from dying_relu.design.datasets import DATASETS
from dying_relu.design.reading import Distinct, Name, Strict, Text, Whole, one_of
from dying_relu.design.settings import Given, Levels, Settings
from dying_relu.workflow.errors import UserError

FIRST_CONFIRMATORY_SEED = 2000  # those in the 1000s were looked at: they decided an earlier version
TIMINGS = ("activation_cost", "sparse_product")  # what can be timed: functions of `engine.timings`
PRESETS = Path("config/presets")
STUDIES = Path("config/studies")


class Config(Strict):
    """config/config.yaml."""

    preset: str


class _PresetFile(Strict):
    draft: bool
    resamples: Annotated[Whole, Field(ge=99)]
    audited: Annotated[Whole, Field(ge=1)]
    studies: Annotated[list[Name], Distinct] = []
    epochs: Annotated[float, Field(gt=0, le=1)] = 1.0
    xla: bool = True


class Preset(_PresetFile):
    """How big a run is: config/presets/<preset>.yaml.

    Attributes:
        draft: whether the paper says on every page that it comes from a reduced run.
        resamples: draws by which the coverage of the ledger's intervals is simulated.
        audited: networks of each study that are trained again alone, for comparison.
        studies: those that it trains, and no other preset does; without a paper. None: all that no preset lists.
        epochs: share of each study's epochs that is trained, 1 for all.
        xla: whether XLA compiles what is trained: where few networks are trained that takes longer than it saves.
    """

    name: str


class Figure(Strict):
    """A figure of a study: its kind, and its caption."""

    kind: Annotated[str, one_of(studies.kinds)]
    caption: Text


_Pilot = Annotated[Whole, Field(ge=0, le=1000)]
_Confirmatory = Annotated[Whole, Field(ge=1, le=100_000)]
_First = Annotated[Whole, Field(ge=FIRST_CONFIRMATORY_SEED)]


class _OwnSeeds(Strict):
    pilot: _Pilot | None = None
    confirmatory: _Confirmatory | None = None
    first: _First | None = None


class _Seeds(Strict):
    pilot: _Pilot
    confirmatory: _Confirmatory
    grids: dict[str, _OwnSeeds | None] = {}


class _AllSeeds(RootModel[Annotated[dict[str, _Seeds], Field(min_length=1)]]):
    """Seeds by preset."""


class _File(Strict):
    """config/studies/<study>.yaml."""

    title: Text
    question: Text
    settings: Given = Given()
    grids: Annotated[dict[Name, Levels], Field(min_length=1)] | None = None
    seeds: _AllSeeds
    measure: Measure = Measure()
    timings: Annotated[str, one_of(lambda: TIMINGS)] | None = None
    figures: dict[Name, Figure] = {}


@dataclass(frozen=True)
class Study:
    """A validated study under a preset.

    Attributes:
        name: the file's name without .yaml.
        settings: shared by its networks where a grid does not vary them.
        grids: for each named grid the levels of each setting it varies, fully crossed.
        seeds: for each grid those of each phase.
        repetitions: of the timings, the same.
        measure: when and what is measured.
        figures: by their key.
        timings: what it times beside or instead of training, if anything.
        epochs: share of the epochs that is trained.
    """

    name: str
    title: str
    question: str
    settings: Settings
    grids: Mapping[str, Mapping[str, list]]
    seeds: Mapping[str, Mapping[str, range]]
    repetitions: Mapping[str, range]
    measure: Measure
    figures: Mapping[str, Figure]
    timings: str | None = None
    epochs: float = 1.0

    def figure_name(self, key: str) -> str:
        """File name of a figure: the study's own for the key ``main``, else study_key."""
        return self.name if key == "main" else f"{self.name}_{key}"

    def numbered_seeds(self, grid: str | None = None) -> list[tuple[str, int]]:
        """(phase, seed) of each replicate of a grid, or of the timings."""
        phases = self.repetitions if grid is None else self.seeds[grid]
        return [(phase, seed) for phase, seeds in phases.items() for seed in seeds]

    def cells(self) -> Iterator[tuple[str, Settings]]:
        """(grid, settings) of each cell of each grid; cells that shortening makes alike come once."""
        for name, levels in self.grids.items():
            cells = (self.with_levels(dict(zip(levels, values, strict=True))) for values in product(*levels.values()))
            yield from ((name, settings) for settings in dict.fromkeys(cells))

    def with_levels(self, levels: Mapping[str, object]) -> Settings:
        """The study's own settings but for some, as its networks have them."""
        return _shortened(self.settings.model_copy(update=dict(levels)), self.epochs)

    def courses(self) -> Iterator[tuple[str, Course]]:
        """(grid, course) of each cell of each grid."""
        return ((grid, course.of(self.name, settings, self.measure)) for grid, settings in self.cells())

    def networks(self) -> Iterator[Network]:
        """Every network of the study: each cell with each seed."""
        for grid, own in self.courses():
            for phase, seed in self.numbered_seeds(grid):
                yield Network(grid, phase, seed, own)

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it makes."""
        made = set(course.ALWAYS) if self.grids else set()
        made |= {name for name, wanted in self.measure.tables.items() if self.grids and wanted}
        return frozenset(made | ({"timings"} if self.timings else set()))


def load_preset(name: str, folder: Path = PRESETS) -> Preset:
    """Read and check config/presets/<name>.yaml.

    Raises:
        UserError: what is wrong in it.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise UserError(f"{path}: there is no preset '{name}'; known presets: {known}")
    return Preset(name=name, **reading.check(_PresetFile, reading.read_yaml(path), path).model_dump())


def load(path: Path, preset: Preset) -> Study:
    """Read and check one study file under a preset.

    Raises:
        UserError: the first thing wrong in it, as one sentence with file and key.
    """
    path = Path(path)
    content = reading.read_yaml(path)
    file = reading.check(_File, content, path)
    all_seeds = file.seeds.root
    if preset.name not in all_seeds:
        raise UserError(f"{path}: seeds: missing key '{preset.name}' (the seeds of the preset in use)")
    seeds = all_seeds[preset.name]
    grids = {
        name: {key: getattr(levels, key) for key in content["grids"][name]}  # in the file's order
        for name, levels in (file.grids or {}).items()
    }
    for name, levels in grids.items():
        if not levels:
            raise UserError(f"{path}: grids.{name}: must not be empty")
    _check_own(seeds, grids, path)
    grids = {name: levels for name, levels in grids.items() if seeds.grids.get(name, _OwnSeeds()) is not None}
    study = Study(
        name=path.stem,
        title=file.title,
        question=file.question,
        settings=Settings(**file.settings.model_dump(exclude_unset=True)),
        grids=grids,
        seeds=_seeds(seeds, grids),
        repetitions=_phases(seeds.pilot, seeds.confirmatory),
        measure=file.measure,
        figures=file.figures,
        timings=file.timings,
        epochs=preset.epochs,
    )
    _check_meaning(replace(study, epochs=1.0), path)  # a reduced run hides no mistake
    return study


def names(folder: Path = STUDIES) -> list[str]:
    """The studies of the folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_named(name: str, preset: str) -> Study:
    """A study of config/studies under a preset of config/presets, by their names."""
    return load(STUDIES / f"{name}.yaml", load_preset(preset))


def load_all(preset: Preset, folder: Path = STUDIES) -> dict[str, Study]:
    """Every study of a preset by name, in alphabetical order: those that it lists, or all that no preset lists.

    Raises:
        UserError: the preset lists a study that is not there; or what is wrong in one of them.
    """
    presets = folder.parent / PRESETS.name
    listed = {name for path in presets.glob("*.yaml") for name in load_preset(path.stem, presets).studies}
    there = names(folder)
    for name in preset.studies:
        if name not in there:
            known = ", ".join(there)
            raise UserError(f"{presets / preset.name}.yaml: studies: there is no study '{name}'; known: {known}")
    chosen = sorted(preset.studies) or [name for name in there if name not in listed]
    return {name: load(folder / f"{name}.yaml", preset) for name in chosen}


def _check_own(given: _Seeds, grids: Mapping[str, object], path: Path) -> None:
    for name in given.grids:
        if name not in grids:
            raise UserError(f"{path}: seeds: grids.{name}: there is no such grid; known: {', '.join(grids)}")
    if grids and all(name in given.grids and given.grids[name] is None for name in grids):
        raise UserError(f"{path}: seeds: grids: at least one grid must be trained")


def _seeds(given: _Seeds, grids: Mapping[str, object]) -> dict[str, dict[str, range]]:
    """The seeds of each grid: its own where it has any, else those of the study."""
    own = {name: seeds.model_dump(exclude_unset=True) for name, seeds in given.grids.items() if seeds is not None}
    shared = {"pilot": given.pilot, "confirmatory": given.confirmatory}
    return {name: _phases(**{**shared, **own.get(name, {})}) for name in grids}


def _phases(pilot: int, confirmatory: int, first: int = FIRST_CONFIRMATORY_SEED) -> dict[str, range]:
    """Pilot seeds from 0, confirmatory ones from the first on."""
    return {"pilot": range(pilot), "confirmatory": range(first, first + confirmatory)}


def _shortened(settings: Settings, share: float) -> Settings:
    """Settings with a share of the epochs, at least one before and one after an intervention, or after a shutting."""
    if share == 1:
        return settings
    intervention = settings.intervention_epoch
    epochs = max(round(share * settings.epochs), 2 if intervention else 1)
    if intervention:
        intervention = max(1, min(round(share * intervention), epochs - 1))
    shut = min(max(round(share * settings.shut_epoch), min(settings.shut_epoch, 1)), epochs - 1)
    return settings.model_copy(update={"epochs": epochs, "intervention_epoch": intervention, "shut_epoch": shut})


def _check_meaning(study: Study, path: Path) -> None:
    """What types cannot say: figures have what they draw, batches fit the data set, no network is planned twice."""
    if not study.grids and not study.timings:
        raise UserError(f"{path}: missing key 'grids' (what is trained), or 'timings' (what is timed)")
    if not path.stem.isidentifier() or path.stem != path.stem.lower() or path.stem.startswith("_"):
        raise UserError(
            f"{path}: the file's name must be lower-case letters, digits and underscores, starting with a letter"
        )
    for key, figure in study.figures.items():
        needed = studies.kinds()[figure.kind][1]
        missing = sorted(set(needed.grids) - set(study.grids))
        if missing:
            raise UserError(f"{path}: figures.{key}.kind: {figure.kind} draws the grid '{missing[0]}'; add it")
        for table in sorted(set(needed.tables) - study.tables):
            raise UserError(
                f"{path}: figures.{key}.kind: {figure.kind} draws the table '{table}', which the study does not "
                "make; see 'measure' and 'timings'"
            )
    seen: dict[Settings, str] = {}
    for grid, settings in study.cells():
        problem = _problem(settings) or _unmeasurable(settings, study.measure)
        if problem:
            raise UserError(f"{path}: grids.{grid}: {problem}")
        if settings in seen:
            other = seen[settings]
            raise UserError(f"{path}: grids.{grid}: plans a network that grids.{other} already has; separate them")
        seen[settings] = grid


def _unmeasurable(settings: Settings, measure: Measure) -> str | None:
    """What cannot be measured of networks with such settings, as the rest of a sentence."""
    if measure.causes and settings.batch_norm:
        return "batch_norm: with 'measure: causes' a step must move weights and biases alone; leave one of them out"
    return None


def _problem(settings: Settings) -> str | None:
    """What settings ask for that cannot be, as the rest of a sentence."""
    name, epochs = settings.dataset, settings.epochs
    info = DATASETS[name]
    smallest = course.training_samples(settings)
    if settings.batch_size > smallest:
        return f"batch_size: {settings.batch_size} is more than the {smallest} training samples of {name}"
    if not settings.output_layer and settings.width != info.n_outputs:
        return f"width: without output_layer it must be the {info.n_outputs} outputs of {name}, found {settings.width}"
    if settings.architecture != "dense":
        if info.image is None:
            return f"architecture: '{settings.architecture}' needs images, which {name} is not; use digits"
        most = sizes.deepest(settings.architecture, info.image[:2])
        if settings.depth > most or not settings.output_layer:
            halves = " and pooling halves them" if settings.architecture == "conv_pool" else ""
            return (
                f"depth: a layer of patches takes 2 from the image's sides{halves}: at most {most} layers, then an "
                "output"
            )
    if settings.frozen >= settings.depth:
        return f"frozen: it must be less than the depth of {settings.depth}, found {settings.frozen}"
    if settings.frozen and settings.intervention_epoch:
        return "frozen: layers stay as they start only without an intervention; remove intervention_epoch"
    if settings.initializer == "zero_sum":
        fewest = min(layer.inputs for layer in sizes.layers(*sizes.shape(settings)))
        if fewest < 2:
            return f"initializer: 'zero_sum' needs at least 2 inputs of every unit, found {fewest}"
    if settings.target_scale != 1 and not info.regression:
        return f"target_scale: {name} has classes, which cannot be scaled; leave it out, or use a regression"
    if settings.bias_layer > settings.depth:
        return f"bias_layer: there are {settings.depth} hidden layers, found {settings.bias_layer}"
    happens = settings.intervention != "none" or settings.rate_factor != 1
    if (happens or settings.intervention_epoch) and not 0 < settings.intervention_epoch < epochs:
        return (
            f"intervention_epoch must lie between 1 and {epochs - 1} for '{settings.intervention}' to happen in "
            f"training, found {settings.intervention_epoch}"
        )
    return _never_shut(settings)


def _never_shut(settings: Settings) -> str | None:
    """What would open, or move, units that are to be shut for ever, as the rest of a sentence."""
    if not settings.shut_epoch < settings.epochs:
        return f"shut_epoch: must lie below the {settings.epochs} epochs, found {settings.shut_epoch}"
    if not settings.shut:
        return None
    if settings.bias is None:
        return "shut: a unit without a bias cannot be shut; give `bias` a number"
    if INTERVENTIONS[settings.intervention].renew == "dead":
        return f"shut: '{settings.intervention}' would open the units that are shut for ever; use one that renews none"
    for stage in course.stages(settings):
        later = stage.settings
        if later.batch_norm or later.activation != "relu":
            return "shut: only plain ReLUs can be shut for ever, without batch normalisation and until the end"
        if later.weight_decay or later.bias_decay:
            return "shut: weight_decay or bias_decay would move the units that are shut for ever; leave them at 0"
    return None
