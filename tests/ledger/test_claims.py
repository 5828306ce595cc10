"""config/claims.yaml: what is read, and one sentence for each mistake."""

import pytest
import yaml

from conftest import ROOT
from dying_relu import studies
from dying_relu.design import study
from dying_relu.ledger import claims
from dying_relu.ledger.estimate import estimate
from dying_relu.report.names import CLAIM_SUFFIXES
from dying_relu.workflow.errors import UserError

ENTRY = {
    "source": "Q1",
    "told": "Told.",
    "statement": "Stated.",
    "study": "bias",
    "estimand": "accuracy_lost_without_bias",
    "effect_name": "accuracy lost",
    "unit": "points",
    "family": "mean",
    "region": [0, 1],
    "bounds": [-1, 1],
}
KNOWN = ["bias", "depth"]


def written(tmp_path, name="bias-removed", **changes):
    path = tmp_path / "claims.yaml"
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    path.write_text(yaml.safe_dump({name: entry}))
    return path


def test_a_claim_is_read_whole(tmp_path):
    (claim,) = claims.load(KNOWN, written(tmp_path)).values()
    assert claim.id == "bias-removed" and claim.region == [0, 1] and claim.margin == 0 and claim.unit == "points"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"study": "biass"}, "bias-removed.study: unknown value 'biass'; known: bias, depth"),
        (
            {"estimand": "accuracy_gained"},
            "bias-removed.estimand: unknown value 'accuracy_gained'; known in the study bias: dead_ratio_positive_",
        ),
        (
            {"study": "depth"},
            "bias-removed.estimand: unknown value 'accuracy_lost_without_bias'; known in the study depth: ",
        ),
        ({"region": [1, 0]}, "bias-removed.region: the first number must not exceed the second"),
        ({"bounds": [2, 1]}, "bias-removed.bounds: the first number must not exceed the second"),
        ({"region": [0]}, "bias-removed.region: must not be empty"),
        ({"region": [0, "one"]}, "bias-removed.region[1]: must be a number, found 'one'"),
        ({"region": [0, float("inf")]}, "bias-removed.region[1]: must be a finite number, found inf"),
        ({"margin": -0.1}, "bias-removed.margin: must be at least 0, found -0.1"),
        ({"family": "median"}, "bias-removed.family: unknown value 'median'; known: mean, share"),
        ({"unit": "metres"}, "bias-removed.unit: unknown value 'metres'; known: share, points, number"),
        ({"statement": None}, "bias-removed: missing key 'statement'"),
        ({"statment": "x"}, "bias-removed: unknown key 'statment'; known keys: bounds, "),
        ({"name": "Bias"}, "'Bias' must be lower-case letters, digits and hyphens, starting with a letter"),
    ],
)
def test_each_mistake_is_one_sentence(tmp_path, changes, sentence):
    path = written(tmp_path, **changes)
    with pytest.raises(UserError) as caught:
        claims.load(KNOWN, path)
    assert str(caught.value).startswith(f"{path}: ") and sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_without_claims_is_one_sentence(tmp_path):
    (tmp_path / "claims.yaml").write_text("{}")
    with pytest.raises(UserError, match="must not be empty"):
        claims.load(KNOWN, tmp_path / "claims.yaml")


def test_a_study_without_a_package_has_no_estimand(tmp_path):
    with pytest.raises(UserError, match=r"known in the study held_out: none$"):
        claims.load(["held_out"], written(tmp_path, study="held_out"))


def test_the_claims_of_the_paper_are_estimated_each_by_a_function_there_is():
    known = claims.load(study.names(ROOT / study.STUDIES), ROOT / claims.CLAIMS)
    for claim in known.values():
        assert claim.bounds[0] <= claim.region[0] <= claim.region[1] <= claim.bounds[1], claim.id
        assert callable(studies.function(studies.package(claim.study), "estimands", claim.estimand))
    assert len({claim.statement for claim in known.values()}) == len(known)
    assert not any(f"{one}{suffix}" in known for one in known for suffix in CLAIM_SUFFIXES if suffix)


def test_estimates_of_a_study_are_one_table_with_a_row_a_claim_and_seed():
    from by_hand import networks

    rows = [
        {"bias": bias, "learning_rate": 0.2, "seed": s, "dead_fraction": 0.1}
        for bias in (None, 0.0)
        for s in (0, 1000, 1001)
    ]
    table = networks(*rows, scaling="unit").assign(test_accuracy=[0.5, 0.6, 0.7, 0.5, 0.9, 0.9])
    asked = {"lost": "accuracy_lost_without_bias", "held": "dead_ratio_regularised_bias"}
    found = estimate("bias", asked, {"networks": table})
    assert found["claim"].tolist() == ["lost", "lost"] and found["seed"].tolist() == [1000, 1001]
    assert found["value"].tolist() == pytest.approx([0.3, 0.2])
