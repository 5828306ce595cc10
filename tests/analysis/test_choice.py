"""The one way in which anything is chosen on pilot seeds: every rule, on tables decided by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dying_relu.analysis.choice import at_chosen, choose, choose_each, in_words
from dying_relu.design.contents import Choice


def table(*rows, columns=("rate", "seed", "value")):
    """Rows of these columns; a missing value stands for a diverged network."""
    frame = pd.DataFrame(rows, columns=list(columns))
    phase = np.where(frame["seed"] < 1000, "pilot", "confirmatory")
    return frame.assign(phase=phase, diverged=frame["value"].isna())


def rule(**changes):
    return Choice("rate", ("rate",), "value", **changes)


MEANS = table((0.1, 0, 0.2), (0.1, 1, 0.4), (0.2, 0, 0.5), (0.2, 1, 0.7), (0.3, 0, 0.9), (0.3, 1, 0.9))


@pytest.mark.parametrize(("best", "rate"), [("largest", 0.3), ("smallest", 0.1), (0.62, 0.2), (0.0, 0.1), (7.0, 0.3)])
def test_the_mean_over_pilot_seeds_is_compared(best, rate):
    assert choose(MEANS, rule(best=best)) == {"rate": rate}


HALF = [(0.1, 0, 0.3), (0.1, 1, 0.3), (0.2, 0, 0.5), (0.2, 1, 0.5), (0.2, 2, None), (0.3, 0, 0.9), (0.3, 1, None)]


@pytest.mark.parametrize(
    ("finite", "diverged_as", "rate"),
    [
        ("all", None, 0.1),  # no other has all its networks
        ("most", None, 0.2),  # half of them, at 0.3, is not most
        ("any", None, 0.3),  # diverged networks are left out of the mean
        ("any", -0.5, 0.1),  # or count as this: means 0.3, 0.5 / 3, 0.2
        ("any", 0.1, 0.3),  # 0.3, 1.1 / 3, 0.5
        ("most", 0.2, 0.2),  # 0.4, while 0.3 takes no part
        ("all", 1.0, 0.1),
    ],
)
def test_networks_that_are_not_finite(finite, diverged_as, rate):
    assert choose(table(*HALF), rule(finite=finite, diverged_as=diverged_as)) == {"rate": rate}


@pytest.mark.parametrize("finite", ["most", "all", "any"])
@pytest.mark.parametrize("diverged_as", [None, 0.5])
def test_where_everything_diverged(finite, diverged_as):
    gone = table((0.1, 0, None), (0.2, 0, None))
    found = choose(gone, rule(finite=finite, diverged_as=diverged_as))
    assert found == {"rate": 0.1 if finite == "any" and diverged_as is not None else None}


def test_a_measure_that_is_not_known_is_not_finite():
    unknown = MEANS.assign(value=MEANS["value"].mask(MEANS["rate"] == 0.3))
    assert choose(unknown, rule()) == {"rate": 0.2}
    assert choose(unknown.drop(columns="diverged"), rule()) == {"rate": 0.2}
    late = MEANS.assign(diverged=MEANS["rate"] == 0.3)  # it has a measure, and diverged after that
    assert choose(late, rule()) == {"rate": 0.2}


def test_equal_means_are_settled_by_the_smaller_level():
    level = table((0.3, 0, 0.5), (0.1, 0, 0.5), (0.2, 0, 0.5))
    assert choose(level, rule()) == choose(level, rule(best="smallest")) == {"rate": 0.1}
    assert choose(table((0.1, 0, 0.4), (0.2, 0, 0.6)), rule(best=0.5)) == {"rate": 0.1}
    texts = level.assign(rate=["c", "b", "a"])
    assert choose(texts, rule()) == choose(texts.astype({"rate": "category"}), rule()) == {"rate": "a"}


def test_only_pilot_seeds_choose():
    both = pd.concat([MEANS, table((0.1, 1000, 9.0), (0.4, 1000, 99.0))])
    assert choose(both, rule()) == {"rate": 0.3}
    assert choose(both[both["phase"] == "confirmatory"], rule()) == {"rate": None}


@pytest.mark.parametrize("frame", [MEANS.iloc[:0], MEANS.iloc[:0].astype({"rate": str}).astype({"rate": "category"})])
def test_a_table_without_rows(frame):
    assert choose(frame, rule()) == {"rate": None}
    assert len(choose_each(frame.assign(arm=1), rule(), ["arm"])) == 0
    assert len(at_chosen(frame, choose_each(frame, rule(), []))) == 0


def test_several_columns_are_chosen_together():
    both = MEANS.assign(scaling="unit")
    other = MEANS.assign(scaling="raw", value=MEANS["value"] + 0.05)
    found = choose(pd.concat([both, other]), Choice("cell", ("scaling", "rate"), "value"))
    assert found == {"scaling": "raw", "rate": 0.3}


ARMS = pd.concat(
    [
        MEANS.assign(arm="a"),
        MEANS.assign(arm="b", value=-MEANS["value"]),
        table((0.1, 0, None)).assign(arm="c"),
        MEANS.assign(arm="d", phase="confirmatory"),
    ]
)


@pytest.mark.parametrize("text", [object, "category"])
def test_each_arm_chooses_for_itself(text):
    found = choose_each(ARMS.astype({"arm": text}), rule(), ["arm"])
    assert found.to_dict("list") == {"arm": ["a", "b"], "rate": [0.3, 0.1]}
    rows = at_chosen(ARMS.astype({"arm": text}), found)
    assert sorted(rows[["arm", "rate", "seed"]].itertuples(index=False, name=None)) == [
        *(("a", 0.3, 0), ("a", 0.3, 1), ("b", 0.1, 0), ("b", 0.1, 1)),
    ]
    assert set(rows) == set(ARMS)


def test_levels_that_were_categories_find_their_rows():
    frame = MEANS.assign(arm="a", rate=MEANS["rate"].astype(str)).astype({"rate": "category", "arm": "category"})
    found = choose_each(frame, rule(), ["arm"])
    assert at_chosen(frame, found)["value"].tolist() == [0.9, 0.9]


def test_networks_without_biases_are_an_arm():
    frame = pd.concat([MEANS.assign(bias=np.nan), MEANS.assign(bias=0.0, value=-MEANS["value"])])
    found = choose_each(frame, rule(), ["bias"])
    assert found["rate"].tolist() == [0.1, 0.3] and np.isnan(found["bias"].iloc[1])
    assert at_chosen(frame, found)["value"].tolist() == [0.9, 0.9, -0.2, -0.4]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.1, 0.2, 0.3]), st.integers(0, 9), st.none() | st.integers(0, 8).map(lambda k: k / 8)
        ),
        max_size=20,
    ),
    st.sampled_from(["largest", "smallest", 0.5]),
    st.sampled_from(["most", "all", "any"]),
    st.sampled_from([None, 0.25]),
)
def test_against_a_plain_loop(rows, best, finite, diverged_as):
    scores = []
    for rate in sorted({row[0] for row in rows}):
        values = [row[2] for row in rows if row[0] == rate]
        known = [value for value in values if value is not None]
        counted = known if diverged_as is None else [diverged_as if v is None else v for v in values]
        part = {"most": 2 * len(known) > len(values), "all": len(known) == len(values), "any": True}[finite]
        if part and counted:
            mean = sum(counted) / len(counted)
            score = {"largest": mean, "smallest": -mean}.get(best) if isinstance(best, str) else -abs(mean - best)
            scores.append((rate, score))
    highest = max((score for _, score in scores), default=None)
    allowed = [rate for rate, score in scores if score > highest - 1e-12] or [None]
    frame = table(*rows).astype({"value": float, "seed": int})
    found = choose(frame, rule(best=best, finite=finite, diverged_as=diverged_as))["rate"]
    assert found in allowed


def test_rules_are_printed_in_words():
    assert in_words(rule()) == "largest; more than half finite"
    assert in_words(rule(best=0.4, finite="any", diverged_as=1.0)) == (
        "nearest to 0.4; any, those not finite counted as 1"
    )
    assert in_words(rule(best="smallest", finite="all")) == "smallest; all finite"
