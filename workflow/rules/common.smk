# What all rules share: the preset, the studies and their training jobs, and which library files a rule depends on.
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))

from dying_relu import claims, plan, registry, sources, study
from dying_relu.config import check, read_yaml
from dying_relu.errors import UserError
from dying_relu.script import make_importable

make_importable()
ESTIMAND_TABLES = registry.marked("estimands", "estimand")
FIGURE_TABLES = registry.marked("figure_data", "kind")

try:
    check(config, read_yaml(ROOT / "workflow/schemas/config.yaml"), Path("config/config.yaml"))
    PRESET = study.load_preset(config["preset"])
    STUDIES = study.load_all(PRESET)
    for name, item in STUDIES.items():
        plan.check(item, study.STUDIES / f"{name}.yaml")
    CLAIMS = claims.load(STUDIES)
except UserError as error:
    sys.exit(str(error))

JOBS = {name: plan.jobs(item) for name, item in STUDIES.items()}
FIGURES = {item.figure_name(key): (item, spec) for item in STUDIES.values() for key, spec in item.figures.items()}
FIGURE_NAMES = [*FIGURES, "verdicts"]
VERDICTS_CAPTION = (
    "Every claim's estimate with its simultaneous interval (Holm over all claims) against the region in which "
    "the claim holds (shaded, with the smallest deviation of interest)."
)
SECTIONS = sorted(path.stem for path in (ROOT / "paper" / "sections").glob("*.tex"))


wildcard_constraints:
    preset=r"\w+",
    study="|".join(STUDIES),
    job=r"\d+",
    claim="|".join(CLAIMS),
    figure="|".join(FIGURES) or "none",
    name="|".join(FIGURE_NAMES),


def library(*modules, without=()):
    """The library files that a rule's result depends on: name them as its inputs."""
    return sources.files(*modules, relative_to=ROOT, without=without)


def study_tables(name, tables):
    """Paths of some of a study's tables."""
    return [f"results/studies/{name}/{table}.parquet" for table in tables]


def figure_kind(name):
    """The kind of a figure, which says how it is drawn."""
    return FIGURES[name][1]["kind"] if name in FIGURES else name


def figure_table(name):
    """The table a figure is drawn from; the verdicts are drawn from the ledger itself."""
    return f"results/figures/data/{name}.csv" if name in FIGURES else "results/claims.csv"


def figure_caption(name):
    """What is to be seen in a figure, in plain text."""
    return FIGURES[name][1]["caption"] if name in FIGURES else VERDICTS_CAPTION


def report_category(name):
    """Where a figure stands in the report."""
    return FIGURES[name][0].title if name in FIGURES else "Claims"


def commit():
    """The commit that is checked out, marked where files differ from it; 'unknown' outside of git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def configuration_hash():
    """Changes with anything that config/ says."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "config").rglob("*.yaml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
