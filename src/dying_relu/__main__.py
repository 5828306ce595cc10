"""What one can do without Snakemake: check a study, list its plan, train one network, show a claim, verify a run."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dying_relu.design import plan, reading, study
from dying_relu.design.course import Network
from dying_relu.design.settings import SETTINGS, Given
from dying_relu.ledger import claims
from dying_relu.workflow.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def validate(options: argparse.Namespace) -> None:
    preset = study.load_preset(options.preset)
    item = study.load(_path(options.study), preset)
    plan.check(item, _path(options.study))
    print(f"{_path(options.study)}: valid; {sum(1 for _ in item.networks()):,} networks in preset '{preset.name}'")


def show_plan(options: argparse.Namespace) -> None:
    item = study.load(_path(options.study), study.load_preset(options.preset))
    plan.check(item, _path(options.study))
    jobs = plan.jobs(item)
    if not jobs:
        print(f"{item.name} trains nothing; it takes the timings '{item.timings}'")
        return
    print("job  networks  graphs  minutes  memory")
    for number, job in enumerate(jobs):
        size = f"{len(job.networks):8,d}  {len(job.graphs):6d}"
        print(f"{number:3d}  {size}  {job.seconds / 60:7.1f}  {_mebibytes(job.memory)}")
    total, seconds = sum(len(job.networks) for job in jobs), sum(job.seconds for job in jobs)
    print(
        f"{len(jobs)} jobs, {total:,} networks, about {seconds / 60:.0f} minutes of one core, "
        f"{_mebibytes(max(job.memory for job in jobs))} of memory a job (estimates)"
    )


def train_one(options: argparse.Namespace) -> None:
    item = study.load(_path(options.study), study.load_preset(options.preset))
    wanted = _settings(options.set)
    cells = [
        (grid, course)
        for grid, course in item.courses()
        if all(getattr(course.settings, key) == value for key, value in wanted.items())
    ]
    if not cells:
        raise UserError(f"--set: no network of '{item.name}' has {', '.join(options.set)}")
    grid, course = cells[0]
    phases = {seed: phase for phase, seed in item.numbered_seeds(grid)}
    if options.seed not in phases:
        raise UserError(f"--seed: {options.seed} is not among those of grid '{grid}'; they are {_span(phases)}")
    print(f"grid {grid}, seed {options.seed}: " + ", ".join(f"{key}={value}" for key, value in course.settings))
    from dying_relu.engine import alone, population

    population.use_one_thread()
    _, outcome = alone.train_alone(Network(grid, phases[options.seed], options.seed, course))
    for key, value in outcome.items():
        print(f"{key}: {value:.6g}" if isinstance(value, float) else f"{key}: {value}")


def show_claim(options: argparse.Namespace) -> None:
    known = claims.load([path.stem for path in study.STUDIES.glob("*.yaml")])
    if options.claim is None:
        for name, claim in known.items():
            print(f"{name}: {claim.statement}")
        return
    if options.claim not in known:
        raise UserError(f"claim: unknown value '{options.claim}'; known: {', '.join(known)}")
    for key, value in vars(known[options.claim]).items():
        print(f"{key}: {value}")
    ledger = Path("results/claims.csv")
    if ledger.exists():
        from dying_relu.workflow import files

        rows = files.read(ledger)
        for key, value in rows[rows["claim"] == options.claim].iloc[0].items():
            if key not in vars(known[options.claim]) and key != "claim":
                print(f"{key}: {value}")
    else:
        print(f"verdict: not yet; `snakemake {ledger}` reaches it")


def lint_text(options: argparse.Namespace) -> int:
    from dying_relu.report import lint, readme

    all_studies = study.load_all(study.load_preset("full"))
    found = lint.problems(all_studies, claims.load(all_studies))
    text = readme.README.read_text(encoding="utf-8")
    if readme.documented(text) != text:
        found.append(f"{readme.README}: its tables are not those of the code; run: python -m dying_relu document")
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


def document(options: argparse.Namespace) -> None:
    from dying_relu.report import readme
    from dying_relu.workflow import files

    files.write_text(readme.documented(readme.README.read_text(encoding="utf-8")), readme.README)


def run_benchmark(options: argparse.Namespace) -> None:
    from dying_relu.engine import benchmark
    from dying_relu.report import benchmark as kept
    from dying_relu.report import provenance
    from dying_relu.workflow import files

    if options.repetitions < 0:
        raise UserError(f"--repetitions: must be 0 or more, found {options.repetitions}")
    published = files.read("reference/numbers/_general.csv").set_index("key")["value"]
    networks = int(float(published["networks"]))  # a column that holds texts too
    measured = benchmark.run(options.repetitions) if options.repetitions else {}
    made = Path("results/provenance.json")
    if made.exists() and json.loads(made.read_text(encoding="utf-8"))["preset"] == "full":
        measured["stages"] = kept.stages(Path("logs"), Path("benchmarks"))
    kept.keep(measured, kept.KEPT, networks, provenance.processor())
    print((kept.KEPT / kept.PAGE).read_text(encoding="utf-8"))


def convert_percentage(options: argparse.Namespace) -> None:
    from dying_relu.report import conversion

    known = conversion.published()
    print(conversion.sentence(known, options.percent, options.source, options.target, options.layer))


def verify_run(options: argparse.Namespace) -> int:
    from dying_relu.report import verify

    compared = verify.verify(options.names)
    print(verify.summary(compared), *verify.changed(claims.load(study.names())), sep="\n")
    return 0 if compared["agrees"].all() else 1


def show_edits(options: argparse.Namespace) -> None:
    from dying_relu.report import edits
    from dying_relu.workflow import files

    files.write(edits.history(), edits.KEPT)
    print(f"{edits.KEPT}: written")


def publish_run(options: argparse.Namespace) -> None:
    from dying_relu.report import verify

    print(f"{len(verify.publish())} files written to {verify.REFERENCE}/")


_DEFINITIONS = (
    "dead (on the training set), test, test_noise_1 (test set with noise), batch_8 to batch_512, some_batch (on at "
    "least one batch of an epoch), active_0.01 (active on at most 1 %%), dormant_0, dormant_0.025, dormant_0.1, frozen "
    "(gradient exactly zero)"
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dying_relu", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name, run, text, *arguments):
        sub = commands.add_parser(name, help=text, description=text)
        for flags, keywords in arguments:
            sub.add_argument(*flags, **keywords)
        sub.set_defaults(run=run)

    item = (["study"], {"help": "a study's name, or the path of its file"})
    preset = (["--preset"], {"default": "full", "help": "a file in config/presets (default: full)"})
    seed = (["--seed"], {"type": int, "default": study.FIRST_CONFIRMATORY_SEED, "help": "default: %(default)s"})
    setting = (["--set"], {"action": "append", "default": [], "metavar": "KEY=VALUE", "help": "which network"})
    command("validate", validate, "check a study file", item, preset)
    command("plan", show_plan, "list a study's training jobs with their estimated cost and memory", item, preset)
    command(
        "train-one", train_one, "train one network of a study alone, with Keras's own fit", item, seed, setting, preset
    )
    command("claim", show_claim, "show a claim and its verdict, or list all", (["claim"], {"nargs": "?"}))
    repetitions = (["--repetitions"], {"type": int, "default": 3, "help": "0: only write the page again; default: 3"})
    command("lint", lint_text, "hold the text in paper/ and config/README.md to the code; trains nothing")
    command("document", document, "write the tables of config/README.md that come from the code")
    names = (
        ["names"],
        {"nargs": "*", "help": "figures, claims, numbers/<study>, tables/<study>/<table>; default: all"},
    )
    command("verify", verify_run, "compare a run's numbers with the published ones in reference/, line by line", names)
    command(
        "convert",
        convert_percentage,
        "what a percentage of dead units by one definition is by another, of networks that the study definitions has",
        (["percent"], {"type": float, "help": "per cent of the units, 0 to 100"}),
        (["--from"], {"dest": "source", "required": True, "metavar": "DEFINITION", "help": _DEFINITIONS}),
        (["--to"], {"dest": "target", "default": "dead", "metavar": "DEFINITION", "help": "likewise; default: dead"}),
        (["--layer"], {"type": int, "default": 0, "help": "a hidden layer alone, 1 the first; default: all together"}),
    )
    command("edits", show_edits, "write reference/edits.csv: how claims and seeds changed, commit by commit")
    command("publish", publish_run, "keep the numbers of the full run in results/ as the published ones")
    command("benchmark", run_benchmark, "measure the engine, and write reference/benchmark with its page", repetitions)
    return parser


def _path(name: str) -> Path:
    return Path(name) if name.endswith(".yaml") else study.STUDIES / f"{name}.yaml"


def _settings(texts: Sequence[str]) -> dict[str, object]:
    """The settings that texts of the form KEY=VALUE give.

    Raises:
        UserError: a text of another form, no setting, or no value that the setting can have.
    """
    given = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in SETTINGS:
            raise UserError(f"--set: '{text}' must be KEY=VALUE with one of the keys {', '.join(SETTINGS)}")
        given[key] = reading.parse_value(value)
    return reading.check(Given, given, Path("--set")).model_dump(exclude_unset=True)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _span(seeds: dict[int, str]) -> str:
    pilot = [seed for seed, phase in seeds.items() if phase == "pilot"]
    confirmatory = [seed for seed, phase in seeds.items() if phase == "confirmatory"]
    return " and ".join(f"{part[0]} to {part[-1]}" for part in (pilot, confirmatory) if part)


if __name__ == "__main__":
    sys.exit(main())
