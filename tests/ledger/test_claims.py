"""config/claims.yaml: what is read, and one sentence for each mistake."""

import pytest
import yaml

from conftest import ROOT
from dying_relu import studies
from dying_relu.design import study
from dying_relu.ledger import claims
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
    "family": "median",
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
    assert claim.id == claim.of == "bias-removed" and claim.region == [0, 1] and claim.margin == 0
    assert (claim.unit, claim.kind, claim.decided_by, claim.cell) == ("points", "assertion", "experiment", {})
    (part,) = claims.load(KNOWN, written(tmp_path, of="bias", cell={"learning_rate": "killing", "layer": 1})).values()
    assert part.of == "bias" and part.cell == {"learning_rate": "killing", "layer": 1}


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
        ({"family": "mean"}, "bias-removed.family: unknown value 'mean'; known: median, share"),
        ({"unit": "metres"}, "bias-removed.unit: unknown value 'metres'; known: share, points, number"),
        (
            {"kind": "guess"},
            "bias-removed.kind: unknown value 'guess'; known: assertion, question, hypothesis, replication",
        ),
        ({"cell": {"depth": "three"}}, "bias-removed.cell.depth: must be a whole number, found 'three'"),
        ({"cell": {"learning_rate": "fast"}}, "bias-removed.cell.learning_rate: must be a number, found 'fast'"),
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


def test_a_cell_that_no_network_is_in_is_one_sentence(tmp_path):
    known = study.load_all(study.load_preset("smoke", ROOT / study.PRESETS), ROOT / study.STUDIES)
    claims.check(claims.load(known, written(tmp_path, cell={"learning_rate": 0.2, "scaling": "unit"})), known)
    claims.check(claims.load(known, written(tmp_path, cell={"learning_rate": "killing", "bias": 0.1})), known)
    with pytest.raises(UserError, match=r"bias-removed.cell.bias: no network of the study bias has 0.3; trained: "):
        claims.check(claims.load(known, written(tmp_path, cell={"bias": 0.3})), known)


def test_the_claims_of_the_paper_are_estimated_each_by_a_function_there_is():
    known = claims.load(study.names(ROOT / study.STUDIES), ROOT / claims.CLAIMS)
    for claim in known.values():
        assert claim.bounds[0] <= claim.region[0] <= claim.region[1] <= claim.bounds[1], claim.id
        assert callable(studies.function(studies.package(claim.study), "estimands", claim.estimand))
    assert len({claim.statement for claim in known.values()}) == len(known)
    assert not any(f"{one}{suffix}" in known for one in known for suffix in CLAIM_SUFFIXES if suffix)
