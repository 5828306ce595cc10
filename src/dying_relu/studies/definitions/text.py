"""The numbers and tables that the section on definitions speaks of."""

import pandas as pd

from dying_relu.analysis.frames import Tables, confirmatory, drawn, matching
from dying_relu.analysis.intervals import SHARE, Estimate, estimate
from dying_relu.analysis.rates import at, named
from dying_relu.design.catalogue import ACTIVATIONS
from dying_relu.report.numbers import Made
from dying_relu.report.tables import Table, column
from dying_relu.studies.definitions.estimands import DEAD, of_units, shares_by_layer
from dying_relu.studies.definitions.tables import conversions, spread
from dying_relu.studies.definitions.words import WORDS

_RATES = ("proper", "killing")
_CLASS = {"grid": "main", "scaling": "unit"}  # of which the table and the text speak


def numbers(tables: Tables) -> Made:
    """Numbers of the section, by key."""
    made: dict[str, Estimate | float | None] = {}
    for name in _RATES:
        here = _at(tables, name)
        made[f"{name}.rate"] = named(matching(tables["networks"], **_CLASS), name)
        made[f"{name}.dead"] = _share(matching(here, definition="test"), "n_dead", "n_units")
    killing, zero = _at(tables, "killing"), matching(_finite(tables), definition="dormant_0", activation="relu")
    for key, name in (("test", "test"), ("noise", "test_noise_1")):
        here = matching(killing, definition=name)
        made[f"killing.{key}.missed"] = _share(here.assign(missed=here["n_dead"] - here["n_both"]), "missed", "n_dead")
    disagree = zero["n"] + zero["n_dead"] - 2 * zero["n_both"]
    counts = {"zero.disagree": disagree.sum(), "zero.units": zero["n_units"].sum()}
    return {**made, **counts, **_narrow(tables), **_spreads(tables)}


def tables(found: Tables) -> dict[str, Table]:
    """Tables of the section, by name."""
    return {"agreement": _agreement(found), "slopes": _slopes(found["slopes"])}


def _narrow(found: Tables) -> Made:
    """Networks of two units a layer on one feature: collapsed, silent, frozen; dead there and on a dense grid."""
    whole = confirmatory(matching(found["definitions"], grid="narrow", layer=0)).dropna(subset="n")
    whole = whole.astype({"n": float, "n_dead": float})
    units = matching(_finite(found), grid="narrow")
    grid, frozen = (matching(units, definition=name) for name in ("dense_grid", "frozen"))
    return {
        "narrow.constant": whole["n"].mean(),
        "narrow.silent": whole["n_dead"].mean(),
        "narrow.frozen": _share(frozen, "n", "n_units"),
        "narrow.dead": _share(frozen, "n_dead", "n_units"),
        "grid.dead": grid["n_dead"].sum(),
        "grid.alive": (grid["n_dead"] - grid["n_both"]).sum(),
    }


def _spreads(found: Tables) -> Made:
    """How wide conversions of tau-dormant to dead percentages are, of networks and of single layers."""
    shares = shares_by_layer(drawn(found["definitions"]))
    here = matching(conversions(shares, "dormant_0.1"), networks="reference shape")
    layers = here[here["layer"] > 0]
    kinds = matching(shares, definition=DEAD, layer=0).groupby("networks").size()
    return {
        "conversion.spread": spread(matching(here, layer=0)),
        "conversion.layer.spread": spread(layers),
        "conversion.networks": float(kinds.get("reference shape", 0)),
        "conversion.channels": float(kinds.get("convolution", 0)),
    }


def _finite(found: Tables) -> pd.DataFrame:
    """Units of finite networks of confirmatory seeds."""
    return confirmatory(of_units(found["definitions"])).dropna(subset="n")


def _at(found: Tables, rate: str) -> pd.DataFrame:
    """Of the networks that the text speaks of, those at the rate of that name."""
    networks = matching(found["networks"], **_CLASS)
    return at(matching(_finite(found), **_CLASS), networks, rate)


def _share(rows: pd.DataFrame, events: str, exposure: str) -> Estimate:
    sums = rows.groupby("seed")[[events, exposure]].sum()
    return estimate(sums[events] / sums[exposure].where(sums[exposure] > 0), SHARE)


def _agreement(found: Tables) -> Table:
    """At both rates, by definition: share called dead; of these dead; of the dead so called; share agreed on."""
    rows = []
    parts = {rate: _at(found, rate) for rate in _RATES}
    for name, words in WORDS.items():
        if name == DEAD:
            continue
        row: dict[str, object] = {"definition": words}
        for rate, part in parts.items():
            sums = matching(part, definition=name)[["n_units", "n", "n_dead", "n_both"]].sum()
            row |= {
                f"{rate}.called": _ratio(sums["n"], sums["n_units"]),
                f"{rate}.dead": _ratio(sums["n_both"], sums["n"]),
                f"{rate}.found": _ratio(sums["n_both"], sums["n_dead"]),
                f"{rate}.agree": _ratio(
                    sums["n_units"] - sums["n"] - sums["n_dead"] + 2 * sums["n_both"], sums["n_units"]
                ),
            }
        rows.append(row)
    heads = {"called": "called dead", "dead": "are dead", "found": "of the dead", "agree": "agree"}
    columns = [column("definition", "definition")]
    columns += [
        column(head, f"{rate}.{key}", "share", group=f"{rate} rate") for rate in _RATES for key, head in heads.items()
    ]
    return Table(pd.DataFrame(rows), columns)


def _ratio(events: float, exposure: float) -> float | None:
    return events / exposure if exposure > 0 else None


def _slopes(slopes: pd.DataFrame) -> Table:
    """For each activation where its slope is exactly zero: an average, since all networks of one say the same."""
    sides = ["zero_below", "zero_above", "zero_below_plain", "zero_above_plain"]
    means = slopes.astype({"activation": str}).groupby("activation")[sides].max()
    rows = [{"activation": entry.name, **means.loc[name]} for name, entry in ACTIVATIONS.items() if name in means.index]
    columns = [
        column("activation", "activation"),
        column("below 0", "zero_below", "number", group="with XLA"),
        column("above 0", "zero_above", "number", group="with XLA"),
        column("below 0", "zero_below_plain", "number", group="without"),
        column("above 0", "zero_above_plain", "number", group="without"),
    ]
    return Table(pd.DataFrame(rows, columns=["activation", *sides]), columns)
