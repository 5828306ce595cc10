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
SECTION_TABLES = registry.marked("numbers", "section")

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
TRAINED = [name for name, item in STUDIES.items() if item.grids]
VERDICTS_CAPTION = (
    "Every claim's estimate with its interval at the level that Holm's method gives it, against the region in which "
    "the claim holds (shaded, with the smallest deviation of interest); each row has a scale of its own. "
    "Shares in per cent, differences of shares in percentage points (pts)."
)
CAPTIONS = {item.figure_name(key): f["caption"] for item in STUDIES.values() for key, f in item.figures.items()}
CAPTIONS["verdicts"] = VERDICTS_CAPTION
SECTIONS = sorted(path.stem for path in (ROOT / "paper" / "sections").glob("*.tex"))


wildcard_constraints:
    preset=r"\w+",
    study="|".join(STUDIES),
    job=r"\d+",


def library(*modules, without=()):
    """The library files that a rule's result depends on: name them as its inputs."""
    return sources.files(*modules, relative_to=ROOT, without=without)


def claims_of(name):
    """The claims that a study decides."""
    return [claim for claim in CLAIMS.values() if claim.study == name]


def study_tables(name, tables):
    """Paths of some of a study's tables."""
    return [f"results/studies/{name}/{table}.parquet" for table in tables]


def figures_of(item):
    """The kind of each figure of a study, by the figure's name."""
    return {item.figure_name(key): figure["kind"] for key, figure in item.figures.items()}


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
