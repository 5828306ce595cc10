r"""From results to LaTeX: every number, table, figure and verdict of the paper, as generated commands.

``\result{key}`` prints a number, ``\generatedtable{name}`` a table, ``\studyfigure{name}`` a figure with
its caption and the command that remakes it, ``\verdict{claim}{if supported}{if refuted}{if inconclusive}``
chooses a wording. An unknown key stops the build: no number in the text can go stale unseen.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from dying_relu import activity, estimands, figure_data
from dying_relu.figures import OPTIMIZER_NAMES
from dying_relu.study import Preset, Study

Tables = Mapping[str, pd.DataFrame]
_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{c: "\\" + c for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escape(text: object) -> str:
    """Plain text as LaTeX."""
    return "".join(_SPECIAL.get(character, character) for character in str(text))


def number(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, without exponents where it can be read without."""
    if value is None or not np.isfinite(value):
        return "--"
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}".replace(",", r"\,")
    if 1e-4 <= abs(value) < 1e5:
        decimals = max(digits - 1 - int(np.floor(np.log10(abs(value)))), 0)
        return f"{value:.{decimals}f}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$"


def percent(value: float) -> str:
    r"""A share as per cent, with one decimal below ten."""
    if value is None or not np.isfinite(value):
        return "--"
    shown = 100 * value
    digits = 0 if shown == 0 or round(shown, 1) >= 10 else 1 if round(shown, 1) >= 0.1 else 3
    return rf"{shown:.{digits}f}\,\%"


def commands(kind: str, values: Mapping[str, str]) -> str:
    r"""LaTeX definitions behind ``\result``, ``\generatedtable`` and their like (see paper/generated.tex)."""
    return "".join(rf"\define{{{kind}}}{{{key}}}{{{value}}}" + "\n" for key, value in values.items())


def claim_numbers(ledger: pd.DataFrame) -> dict[str, str]:
    """For each claim its effect, interval, p and the like; and how many verdicts there are of each kind."""
    values = {}
    for row in ledger.itertuples():
        shown = percent if row.region_low >= 0 and row.region_high <= 1 and "ratio" not in row.effect_name else number
        if "correlation" in row.effect_name:
            shown = number
        values |= {
            f"{row.claim}.effect": shown(row.effect),
            f"{row.claim}.interval": f"[{shown(row.ci_low)}, {shown(row.ci_high)}]",
            f"{row.claim}.high": shown(row.ci_high),
            f"{row.claim}.p": "<" + number(row.p_adjusted, 2) if row.p <= 1e-4 else number(row.p_adjusted, 2),
            f"{row.claim}.seeds": number(row.n_seeds),
            f"{row.claim}.verdict": row.verdict,
            f"{row.claim}.events": number(row.events),
            f"{row.claim}.exposure": number(round(row.exposure) if np.isfinite(row.exposure) else np.nan),
        }
    counts = ledger["verdict"].value_counts()
    for verdict in ("supported", "refuted", "inconclusive", "not testable"):
        values[f"claims.{verdict}"] = number(int(counts.get(verdict, 0)))
        values[f"claims.{verdict}.names"] = ", ".join(ledger["claim"][ledger["verdict"] == verdict]) or "none"
    return values | {"claims": number(len(ledger))}


def ledger_table(ledger: pd.DataFrame) -> str:
    """The verdict table."""
    shown = claim_numbers(ledger)
    return tabular(
        ["claim, and its sharpened statement", "estimate", "simultaneous interval", "$p$ (Holm)", "verdict"],
        [
            [
                rf"\textbf{{{escape(row.claim)}}} ({escape(row.source)}). {escape(row.statement)}",
                shown[f"{row.claim}.effect"],
                shown[f"{row.claim}.interval"],
                shown[f"{row.claim}.p"].replace("<", "$<$"),
                row.verdict,
            ]
            for row in ledger.itertuples()
        ],
        columns="p{0.47\\textwidth}rrrl",
    )


def tabular(head: list[str], rows: Iterable[Iterable[str]], columns: str) -> str:
    """A booktabs table body; cells are LaTeX already."""
    body = "".join(" & ".join(row) + r" \\" + "\n" for row in rows)
    top = rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}\toprule {' & '.join(head)} \\ \midrule"
    return f"{top} {body}\\bottomrule\\end{{tabular}}"


def network_numbers(
    studies: Mapping[str, Study], networks: Mapping[str, pd.DataFrame], preset: Preset
) -> dict[str, str]:
    """How many networks there are, of which seeds, and how many diverged; over all studies and for each."""
    values = {"preset": preset.name, "resamples": number(preset.resamples)}
    for name, frame in networks.items():
        study = studies[name]
        values |= {
            f"{name}.networks": number(len(frame)),
            f"{name}.diverged": percent(frame["diverged"].mean()),
            f"{name}.pilot": number(study.seeds["pilot"]),
            f"{name}.confirmatory": number(study.seeds["confirmatory"]),
            f"{name}.rates": number(frame["learning_rate"].nunique()),
            f"{name}.rate.low": f"{frame['learning_rate'].min():g}",
            f"{name}.rate.high": f"{frame['learning_rate'].max():g}",
            f"{name}.epochs": number(study.settings["epochs"]),
            f"{name}.single.steps": number(study.measure["every_step_until"]),
            f"{name}.growth": f"{study.measure['growth']:g}",
        }
    return values | {"networks": number(sum(map(len, networks.values())))}


def learning_rate_numbers(tables: Tables) -> dict[str, str]:
    """The numbers that the section on the learning rate speaks of."""
    networks = tables["networks"]
    plain = networks[(networks["optimizer"] == "sgd") & ~estimands.is_control(networks)]
    killing = estimands.killing_cell(plain)
    proper = estimands.proper_cell(plain, killing)
    values = {}
    for name, cell in (("killing", killing), ("proper", proper)):
        here = estimands.in_cell(plain, cell)
        values |= {
            f"{name}.rate": f"{cell['learning_rate']:g}",
            f"{name}.scaling": str(cell["scaling"]),
            f"{name}.dead": percent(here["dead_fraction"].mean()),
            f"{name}.diverged": percent(here["diverged"].mean()),
            f"{name}.accuracy": percent(here["test_accuracy"].mean()),
        }
    revived, silent = estimands.revivals_in_silent_layers(tables["activity"])
    controls = networks[estimands.is_control(networks)]
    for name, part in (
        ("linear", controls[controls["activation"] == "linear"]),
        ("bias", controls[controls["activation"] == "relu"]),
    ):
        values[f"control.{name}.dead"] = percent(part["dead_fraction"].mean())
        values[f"control.{name}.networks"] = number(int((~part["diverged"]).sum()))
    limits = figure_data.divergence_limits(networks)
    reached = limits.dropna(subset="limit_dead")
    before = reached[reached["limit"].isna() | (reached["limit_dead"] < reached["limit"])]
    best = networks[(networks["phase"] == "confirmatory") & (networks["dead_fraction"] >= 0.4)]["test_accuracy"]
    return values | {
        "silent.revived": number(revived),
        "silent.moments": number(silent),
        "classes": number(len(limits)),
        "classes.forty": number(len(reached)),
        "classes.forty.before": number(len(before)),
        "forty.networks": number(len(best)),
        "forty.accuracy.median": percent(best.median()),
        "forty.accuracy.best": percent(best.max()),
        "forty.learned": percent((best >= 0.9).mean()),
    }


def learning_rate_tables(tables: Tables) -> dict[str, str]:
    """The tables of the section on the learning rate."""
    return {
        "limits": _limits_table(tables["networks"]),
        "revivals": _revivals_table(tables["activity"]),
        "definitions": _definitions_table(tables),
    }


def _limits_table(networks: pd.DataFrame) -> str:
    rows = [
        [
            OPTIMIZER_NAMES[row.optimizer],
            str(row.depth),
            row.scaling,
            number(row.limit_dead, 2),
            number(row.limit, 2),
            number(row.limit_dead / row.limit, 2),
            percent(row.most_dead),
        ]
        for row in figure_data.divergence_limits(networks).itertuples()
    ]
    head = ["optimiser", "depth", "inputs", r"rate of 40\,\% dead", "divergence limit", "their ratio", "most dead"]
    return tabular(head, rows, "lrlrrrr")


def _revivals_table(frame: pd.DataFrame) -> str:
    frame = frame[(frame["phase"] == "confirmatory") & ~estimands.is_control(frame)]
    frame = estimands.with_risk(frame)
    sums = frame.groupby(["optimizer", "depth", "scaling", "layer"], observed=True)[
        ["n_died", "n_revived", "risk"]
    ].sum()
    rows = []
    order = sorted(sums.index, key=lambda index: (list(OPTIMIZER_NAMES).index(index[0]), *index[1:]))
    for optimizer, depth, scaling, layer in order:
        cell = sums.loc[(optimizer, depth, scaling, layer)]
        # three over the exposure bounds a rate of which no event was seen (rule of three)
        hazard = number(cell.n_revived / cell.risk, 2) if cell.n_revived > 0 else rf"$<${number(3 / cell.risk, 2)}"
        rows.append(
            [
                OPTIMIZER_NAMES[optimizer],
                str(depth),
                scaling,
                str(layer),
                number(int(cell.n_died)),
                number(int(cell.n_revived)),
                number(round(cell.risk)),
                hazard if cell.risk > 0 else "--",
            ]
        )
    head = [
        "optimiser",
        "depth",
        "inputs",
        "layer",
        "deaths",
        "revivals",
        r"dead units $\times$ epochs",
        "revival hazard",
    ]
    return tabular(head, rows, "lrlrrrrr")


def _definitions_table(tables: Tables) -> str:
    networks = tables["networks"]
    plain = networks[(networks["optimizer"] == "sgd") & ~estimands.is_control(networks)]
    killing = estimands.killing_cell(plain)
    frame = tables["activity"]
    frame = frame[(frame["optimizer"] == "sgd") & ~estimands.is_control(frame) & (frame["epoch"] == frame["epochs"])]
    names = {
        "n_dead": "dead",
        "n_nearly_dead": "nearly dead",
        "n_ever_dead": "dead at some measurement",
        **{f"n_dormant_{tau:g}": rf"$\tau$-dormant, $\tau={tau:g}$" for tau in activity.DORMANT_TAUS},
    }
    rows = []
    for column, name in names.items():
        cells = []
        for cell in (estimands.proper_cell(plain, killing), killing):
            here = estimands.in_cell(frame, cell)
            by_layer = here.groupby("layer")[[column, "n_units"]].sum().astype(float)
            cells += [percent(share) for share in by_layer[column] / by_layer["n_units"]]
        rows.append([name, *cells])
    layers = len(rows[0][1:]) // 2
    head = ["definition", *(f"layer {k + 1}" for k in range(layers)), *(f"layer {k + 1}" for k in range(layers))]
    group = rf"& \multicolumn{{{layers}}}{{c}}{{proper rate}} & \multicolumn{{{layers}}}{{c}}{{killing rate}} \\"
    return tabular(head, rows, "l" + "r" * 2 * layers).replace(r"\toprule", rf"\toprule {group} ", 1)


def figure(name: str, caption: str) -> str:
    """A figure environment, its caption ending with the command that remakes it."""
    return (
        rf"\begin{{figure}}[tbp]\centering\includegraphics[width=\textwidth]{{{name}.pdf}}"
        rf"\caption{{{escape(caption)} {remake(f'results/figures/{name}.pdf')}}}\label{{fig:{name}}}\end{{figure}}"
    )


def remake(target: str) -> str:
    """The command that makes a file again, as the end of a caption."""
    path = escape(target).replace("/", r"/\allowbreak ")
    return rf"Remake: \texttt{{snakemake {path}}}"


def plain_section(study: Study) -> str:
    r"""A section for a study that has no file in paper/sections: its title, question and figures."""
    names = [study.figure_name(key) for key in study.figures]
    references = ", ".join(rf"\ref{{fig:{name}}}" for name in names)
    seen = f" See Figures {references}." if names else ""
    figures = "".join(rf"\studyfigure{{{name}}}" for name in names)
    return rf"\section{{{escape(study.title)}}} {escape(study.question)}{seen} {figures}"


def audit_numbers(audit: pd.DataFrame) -> dict[str, str]:
    """How far networks trained alone agree with their rows in a population."""
    both = audit[~audit["diverged_population"] & ~audit["diverged_alone"]]
    loss = (both["train_loss_alone"] / both["train_loss_population"] - 1).abs()
    dead = (both["dead_fraction_alone"] - both["dead_fraction_population"]).abs()
    return {
        "audit.networks": number(len(audit)),
        "audit.same.divergence": number(int((audit["diverged_population"] == audit["diverged_alone"]).sum())),
        "audit.finite": number(len(both)),
        "audit.close": number(int((loss < 0.01).sum())),
        "audit.same.dead": number(int((dead == 0).sum())),
        "audit.dead.difference": percent(dead.mean()),
    }


def provenance_numbers(provenance: Mapping[str, str]) -> dict[str, str]:
    """Versions, machine, commit and time, as text."""
    return {f"provenance.{key}": escape(value) for key, value in provenance.items()}


# Numbers and tables that belong to one study; a study without an entry still gets its counts and figures.
NUMBERS = {"learning_rate": learning_rate_numbers}
TABLES = {"learning_rate": learning_rate_tables}


def generated(
    ledger: pd.DataFrame,
    studies: Mapping[str, Study],
    tables: Mapping[str, Tables],
    audit: pd.DataFrame,
    preset: Preset,
    provenance: Mapping[str, str],
    sections: Iterable[str],
    verdicts_caption: str,
) -> str:
    """The text of results/paper/numbers.tex: all that paper.tex may refer to.

    Args:
        tables: for each study its tables ``networks`` and ``activity``.
        audit: networks of all studies, in the population and alone.
        sections: names of the files in paper/sections; other studies get a plain section.
    """
    numbers = network_numbers(studies, {name: frames["networks"] for name, frames in tables.items()}, preset)
    numbers |= claim_numbers(ledger) | audit_numbers(audit) | provenance_numbers(provenance)
    bodies = {"ledger": ledger_table(ledger)}
    for name, frames in tables.items():
        if name in NUMBERS:
            numbers |= {f"{name}.{key}": value for key, value in NUMBERS[name](frames).items()}
            bodies |= {f"{name}.{key}": value for key, value in TABLES[name](frames).items()}
    figures = {
        study.figure_name(key): figure(study.figure_name(key), entry["caption"])
        for study in studies.values()
        for key, entry in study.figures.items()
    } | {"verdicts": figure("verdicts", verdicts_caption)}
    others = "".join(plain_section(study) for name, study in studies.items() if name not in set(sections))
    draft = f"DRAFT: built from the {preset.name} preset, not from a full run" if preset.draft else ""
    everything = {
        "result": numbers,
        "table": bodies,
        "figure": figures,
        "ledger": dict(zip(ledger["claim"], ledger["verdict"], strict=True)),
        "text": {"draft": draft, "studies": others},
    }
    return "% Made by the workflow; do not edit.\n" + "".join(commands(*item) for item in everything.items())
