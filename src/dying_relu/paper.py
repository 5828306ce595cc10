r"""From results to LaTeX: every number, table, figure and verdict of the paper, as generated commands.

``\result{key}`` prints a number, ``\generatedtable{name}`` a table, ``\studyfigure{name}`` a figure with
its caption and the command that remakes it, ``\verdict{claim}{if supported}{if refuted}{if inconclusive}``
chooses a wording. An unknown key stops the build: no number in the text can go stale unseen.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from dying_relu.estimands.common import is_control
from dying_relu.latex import bracket, escape, longtable, number, percent, points
from dying_relu.numbers import SECTIONS
from dying_relu.numbers.common import Tables
from dying_relu.statistics import ALPHA
from dying_relu.study import Preset, Study


def claim_numbers(ledger: pd.DataFrame, resamples: int) -> dict[str, str]:
    """For each claim its effect, interval, p and the like; and how many verdicts there are of each kind.

    Args:
        resamples: of the bootstrap, which sees no p-value below 1 / (resamples + 1).
    """
    values = {}
    for row in ledger.itertuples():
        shown = {"share": percent, "points": points, "number": number}[row.unit]
        effect = shown(row.effect) + (" points" if row.unit == "points" else "")
        values |= {
            f"{row.claim}.effect": effect,
            f"{row.claim}.interval": bracket(row.ci_low, row.ci_high, shown),
            f"{row.claim}.high": shown(row.ci_high),
            f"{row.claim}.p": "<" + number(row.p_adjusted, 2)
            if row.p * (resamples + 1) <= 1
            else number(row.p_adjusted, 2),
            f"{row.claim}.seeds": number(row.n_seeds),
            f"{row.claim}.verdict": row.verdict,
            f"{row.claim}.events": number(row.events),
            f"{row.claim}.exposure": number(round(row.exposure) if np.isfinite(row.exposure) else np.nan),
        }
    counts = ledger["verdict"].value_counts()
    decided = ledger["verdict"].isin(["supported", "refuted"])
    fragile = ledger["claim"][decided & (ledger["p"] * len(ledger) > ALPHA)]
    values["claims.fragile.names"] = ", ".join(fragile) or "none"
    for verdict in ("supported", "refuted", "inconclusive", "not testable"):
        values[f"claims.{verdict}"] = number(int(counts.get(verdict, 0)))
        values[f"claims.{verdict}.names"] = ", ".join(ledger["claim"][ledger["verdict"] == verdict]) or "none"
    return values | {"claims": number(len(ledger))}


def ledger_table(ledger: pd.DataFrame, shown: Mapping[str, str]) -> str:
    """The verdict table; what is ``shown`` are `claim_numbers`."""
    return longtable(
        ["claim, and its sharpened statement", "estimate", "interval", "$n$", "$p$ (Holm)", "verdict"],
        [
            [
                rf"\textbf{{{escape(row.claim)}}} ({escape(row.source)}). {_told(row.told)}{escape(row.statement)}",
                shown[f"{row.claim}.effect"],
                shown[f"{row.claim}.interval"],
                shown[f"{row.claim}.seeds"],
                shown[f"{row.claim}.p"].replace("<", "$<$"),
                row.verdict,
            ]
            for row in ledger.itertuples()
        ],
        columns="p{0.44\\textwidth}rrrrl",
    )


def _told(text: object) -> str:
    """What the popular text says, before what was made of it; a claim need not have it."""
    return rf"\emph{{{escape(text)}}} Tested: " if isinstance(text, str) and text else ""


def network_numbers(
    studies: Mapping[str, Study], networks: Mapping[str, pd.DataFrame], preset: Preset
) -> dict[str, str]:
    """How many networks there are, of which seeds, and how many diverged; over all studies and for each."""
    values = {"preset": preset.name, "resamples": number(preset.resamples)}
    for name, frame in networks.items():
        study, rates = studies[name], frame["learning_rate"][~is_control(frame)]
        values |= {
            f"{name}.networks": number(len(frame)),
            f"{name}.diverged": percent(frame["diverged"].mean()),
            f"{name}.pilot": number(max(seeds["pilot"] for seeds in study.seeds.values())),
            f"{name}.confirmatory": number(max(seeds["confirmatory"] for seeds in study.seeds.values())),
            f"{name}.rates": number(rates.nunique()),
            f"{name}.rate.low": f"{rates.min():g}",
            f"{name}.rate.high": f"{rates.max():g}",
            f"{name}.epochs": number(int(frame["epochs"].max())),
            f"{name}.single.steps": number(study.measure["every_step_until"]),
            f"{name}.growth": f"{study.measure['growth']:g}",
        }
    return values | {"networks": number(sum(map(len, networks.values())))}


def commands(kind: str, values: Mapping[str, str]) -> str:
    r"""LaTeX definitions behind ``\result``, ``\generatedtable`` and their like (see paper/generated.tex)."""
    return "".join(rf"\define{{{kind}}}{{{key}}}{{{value}}}" + "\n" for key, value in values.items())


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
    close = np.isclose(both["train_loss_alone"], both["train_loss_population"], rtol=0.01, atol=1e-6)
    dead = (both["dead_fraction_alone"] - both["dead_fraction_population"]).abs()
    return {
        "audit.networks": number(len(audit)),
        "audit.same.divergence": number(int((audit["diverged_population"] == audit["diverged_alone"]).sum())),
        "audit.finite": number(len(both)),
        "audit.close": number(int(close.sum())),
        "audit.same.dead": number(int((dead == 0).sum())),
        "audit.dead.difference": percent(dead.mean()),
    }


def provenance_numbers(provenance: Mapping[str, str]) -> dict[str, str]:
    """Versions, machine, commit and time, as text."""
    return {f"provenance.{key}": escape(value) for key, value in provenance.items()}


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
        tables: for each study its tables, at least ``networks`` and those that its section asks for.
        audit: networks of all studies, in the population and alone.
        sections: names of the files in paper/sections; other studies get a plain section.
    """
    networks = {name: frames["networks"] for name, frames in tables.items() if "networks" in frames}
    numbers = network_numbers(studies, networks, preset)
    of_claims = claim_numbers(ledger, preset.resamples)
    numbers |= of_claims | audit_numbers(audit) | provenance_numbers(provenance)
    bodies = {"ledger": ledger_table(ledger, of_claims)}
    for name, frames in tables.items():
        if name in SECTIONS:
            own_numbers, own_bodies = SECTIONS[name](frames)
            numbers |= {f"{name}.{key}": value for key, value in own_numbers.items()}
            bodies |= {f"{name}.{key}": value for key, value in own_bodies.items()}
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
