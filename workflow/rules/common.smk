# What all rules share: the preset, the studies with their jobs and figures, the claims, and digests of code.
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))

from dying_relu import studies
from dying_relu.design import course, plan, reading, study
from dying_relu.ledger import claims
from dying_relu.report import captions
from dying_relu.workflow import sources
from dying_relu.workflow.errors import UserError
from dying_relu.workflow.script import prepare_environment

prepare_environment()

try:
    PRESET = study.load_preset(reading.check(study.Config, config, Path("config/config.yaml")).preset)
    STUDIES = study.load_all(PRESET)
    for name, item in STUDIES.items():
        plan.check(item, study.STUDIES / f"{name}.yaml")
    # a preset that lists its studies makes no paper, and judges nothing
    CLAIMS = {} if PRESET.studies else claims.load(STUDIES)
    claims.check(CLAIMS, STUDIES)
except UserError as error:
    sys.exit(str(error))

JOBS = {name: plan.jobs(item) for name, item in STUDIES.items()}
TRAINED = [name for name, item in STUDIES.items() if item.grids]
CAPTIONS = captions.captions(STUDIES)
# the study and the kind of each figure
FIGURES = {item.figure_name(key): (name, f.kind) for name, item in STUDIES.items() for key, f in item.figures.items()}
LOCK = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:16]


wildcard_constraints:
    preset=r"\w+",
    study="|".join(STUDIES),
    figure="|".join(CAPTIONS),
    job=r"\d+",


def claims_of(name):
    """The claims that a study decides."""
    return [claim for claim in CLAIMS.values() if claim.study == name]


def study_tables(name, tables):
    """Paths of some of a study's tables."""
    return [f"results/studies/{name}/{table}.parquet" for table in tables]


def text_tables(name):
    """The tables that a study's text takes, of those that the study makes; the networks always among them."""
    return sorted({"networks", *studies.contents(name).reads} & STUDIES[name].tables)


def place(figure):
    """The package in which the kind of a figure stands."""
    return studies.kinds()[kind(figure)][0]


def kind(figure):
    """The kind of a figure; those of the ledger are kinds of their own."""
    return FIGURES[figure][1] if figure in FIGURES else figure


def package(name, *modules):
    """Full names of the modules of a study that there are."""
    return [f"{studies.package(name)}.{module}" for module in modules] if name in studies.names() else []


def commit():
    """The commit that is checked out, marked where files differ from it; 'unknown' outside of git."""
    return git("describe", "--always", "--dirty", "--abbrev=12")


def claims_commit():
    """The commit that last changed a claim, or code between tables and verdicts; 'unknown' outside of git."""
    paths = ["config/claims.yaml", *(f"src/dying_relu/{part}" for part in ("studies", "ledger", "analysis/maps.py"))]
    return git("log", "-1", "--format=%h", "--abbrev=12", "--", *paths)


def git(*arguments):
    """What git says of this repository; 'unknown' outside of one."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def configuration_hash():
    """Changes with anything that config/ says; comments say nothing."""
    return hashlib.sha256(repr((PRESET, STUDIES, CLAIMS)).encode()).hexdigest()[:16]
