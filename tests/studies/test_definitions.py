"""The study definitions on small tables whose answers are computed by hand."""

import numpy as np
import pandas as pd
import pytest

from by_hand import BASE, in_cell, networks
from dying_relu.studies.definitions import estimands, tables, text

# of 10 units in a layer 4 are dead; called dead, and of these dead, by each definition
CALLED = {"test": (6, 3), "batch_test": (5.5, 4), "batch_64": (8.0, 4), "dormant_0.1": (8, 4), "dormant_0": (4, 4)}
CALLED |= {"some_batch": (9.0, 4), "frozen": (4, 4), "test_noise_1": (2, 1), "active_0.01": (7, 4)}


def judged(called=None, dead=4, layers=2, **more):
    """Rows of the table of definitions of one network; without counts it diverged."""
    rows = []
    for layer in range(1, layers + 1):
        for name, (n, both) in (CALLED if called is None else called).items():
            counts = {"n": n, "n_dead": dead, "n_both": both}
            counts = dict.fromkeys(counts) if dead is None else counts
            rows.append(BASE | {"layer": layer, "definition": name, "n_units": 10} | counts | more)
    whole = {"layer": 0, "definition": "constant_output", "n_units": 1, "n": None, "n_dead": None, "n_both": None}
    whole |= {} if dead is None else {"n": 0, "n_dead": 0, "n_both": 0}
    made = pd.DataFrame([*rows, BASE | whole | more]).astype({"bias": float, "n": float})
    made["phase"] = made["phase"].where(made["seed"] >= 1000, "pilot")
    return made.astype({"n_dead": "Int32", "n_both": "Int32", "n_units": "Int32", "definition": "category"})


def stacked(*parts):
    found = pd.concat([part.astype({"definition": str}) for part in parts], ignore_index=True)
    return found.astype({"definition": "category"})


def study(*seeds, called=None, dead=4):
    """Networks at two rates, of which the lower is the proper one and the higher kills."""
    seeds = seeds or (0, 1000)
    rows = [
        {"seed": seed, "learning_rate": rate, "scaling": "unit", "dead_fraction": 0.4, "test_accuracy": accuracy}
        for seed in seeds
        for rate, accuracy in ((0.2, 0.9), (0.7, 0.6))
    ]
    parts = [judged(called, dead, seed=row["seed"], learning_rate=row["learning_rate"], scaling="unit") for row in rows]
    slopes = networks(*rows).assign(zero_below=17.4, zero_above=np.inf, zero_below_plain=17.3, zero_above_plain=np.inf)
    return {"networks": networks(*rows), "definitions": stacked(*parts), "slopes": slopes}


def test_shares_of_units_by_hand():
    found = study()
    dead = estimands.dead_of_called(found)
    assert in_cell(dead, definition="batch_64", proper=True) == {1000: 4 / 8}
    assert in_cell(dead, definition="test", killing=True) == {1000: 3 / 6}
    agree = estimands.agreement_on_death(found)
    assert in_cell(agree, definition="test", killing=True) == {1000: pytest.approx((10 - 6 - 4 + 2 * 3) / 10)}
    assert in_cell(agree, definition="dormant_0", killing=True) == {1000: 1}
    more = estimands.called_less_dead(found)
    assert in_cell(more, definition="some_batch", killing=True) == {1000: pytest.approx(0.5)}
    assert in_cell(more, definition="test_noise_1", killing=True) == {1000: pytest.approx(-0.2)}
    assert in_cell(estimands.test_less_batch_of_its_size(found), killing=True) == {1000: pytest.approx(0.05)}


def test_a_diverged_network_has_no_share_but_is_counted():
    found = study()
    extra = {"seed": 1001, "learning_rate": 0.7, "scaling": "unit"}
    found["networks"] = pd.concat([found["networks"], networks(extra)], ignore_index=True)
    found["definitions"] = stacked(found["definitions"], judged(dead=None, **extra))
    for estimand in (estimands.dead_of_called, estimands.agreement_on_death, estimands.test_less_batch_of_its_size):
        lost = estimand(found)
        assert lost["diverged"].sum() == len(lost[lost["seed"] == 1001]) > 0
        assert lost["value"][lost["diverged"]].isna().all()


def test_conversion_reads_the_median_of_other_pilot_networks_near():
    parts = [
        judged({"test": (n, 1), "dormant_0.1": (n, 1)}, dead, layers=1, seed=seed, grid=grid)
        for seed, n, dead, grid in (
            (0, 5, 2, "main"),
            (1, 5, 3, "main"),
            (2, 5, 5, "adam"),
            (3, 8, 8, "main"),  # not near
            (1000, 5, 4, "main"),
            (1001, 2, 1, "main"),  # near none
            (1002, 5, 5, "channels"),
        )
    ]
    found = estimands.conversion_error({"networks": networks(), "definitions": stacked(*parts)})
    here = found[found["definition"] == "dormant_0.1"].set_index(["networks", "seed"])["value"]
    assert here["reference shape", 1000] == pytest.approx(abs(0.4 - 0.3))
    assert here["reference shape", 1001] == 1, "near none: as wrong as can be"
    assert here["convolution", 1002] == pytest.approx(abs(0.5 - 0.3))
    assert here["reference shape", 0] == pytest.approx(abs(0.2 - 0.4))  # its own seed left out: 3 and 5
    assert not found["diverged"].any()


def test_conversions_are_quantiles_of_networks_near_a_level():
    deads = [0, 1, 2, 3, 4]
    parts = [
        judged({"test": (4, dead), "frozen": (dead, dead)}, dead, layers=1, seed=1000 + dead, grid="main")
        for dead in deads
    ]
    found = tables.dead_conversions({"networks": networks(), "definitions": stacked(*parts)})
    here = found[(found["layer"] == 0) & (found["source"] == "test") & (found["target"] == "dead")]
    assert here["level"].tolist() == [0.4] and here["n_networks"].tolist() == [5]
    wanted = np.quantile([dead / 10 for dead in deads], tables.RANGE)
    np.testing.assert_allclose(here[["low", "median", "high"]].iloc[0].astype(float), wanted, atol=1e-4)
    assert tables.spread(here) == pytest.approx(wanted[2] - wanted[0], abs=1e-4)
    single = found[found["layer"] == 1]
    assert {frozenset(pair) for pair in zip(single["source"], single["target"], strict=True)} <= {
        frozenset(["test", "dead"]),
        frozenset(["frozen", "dead"]),
    }
    assert not found[(found["source"] == "frozen")].size  # fewer than five near any level


def test_numbers_and_tables_by_hand():
    found = study()
    made = text.numbers(found)
    assert made["proper.rate"] == 0.2 and made["killing.rate"] == 0.7
    assert made["killing.dead"].value == pytest.approx(0.4)
    assert made["killing.test.missed"].value == pytest.approx(1 / 4)
    assert made["killing.noise.missed"].value == pytest.approx(3 / 4)
    assert made["zero.disagree"] == 0 and made["zero.units"] == 40
    assert made["conversion.networks"] == 2 and made["conversion.channels"] == 0
    agreement = text.tables(found)["agreement"].frame.set_index("definition")
    row = agreement.loc["silent on the test set"]
    keys = ["proper.called", "proper.dead", "proper.found", "proper.agree"]
    assert row[keys].tolist() == pytest.approx([0.6, 0.5, 0.75, 0.6])
    slopes = text.tables(found)["slopes"].frame
    assert slopes.to_numpy().tolist() == [["ReLU", 17.4, np.inf, 17.3, np.inf]]


def test_narrow_networks_by_hand():
    found = study()
    called = {"dense_grid": (3, 3), "frozen": (7, 4)}
    narrow = judged(called, layers=1, grid="narrow", dataset="absolute")
    whole = narrow["layer"] == 0
    narrow.loc[whole, ["n", "n_dead"]] = [1, 0]
    found["definitions"] = stacked(found["definitions"], narrow)
    made = text.numbers(found)
    assert made["narrow.constant"] == 1 and made["narrow.silent"] == 0
    assert made["narrow.frozen"].value == pytest.approx(0.7) and made["narrow.dead"].value == pytest.approx(0.4)
    assert made["grid.dead"] == 4 and made["grid.alive"] == 1
