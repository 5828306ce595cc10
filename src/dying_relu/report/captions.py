"""The captions of all figures."""

from collections.abc import Mapping

from dying_relu.design.study import Study

OF_THE_LEDGER = {
    "verdicts": (
        "Every claim's estimate, the median seed or the share of seeds, with its interval (all cover together with "
        "probability 0.95), against the region in which the claim holds (shaded, with the smallest deviation of "
        "interest); each row has a scale of its own. Shares in per cent, differences of shares in percentage points "
        "(pts). An asterisk marks verdicts that turn over elsewhere on their map."
    ),
    "maps": (
        "Every claim over all cells that its sentence could be read at (rates on the scale of the limit, inputs, "
        "depths, optimisers, layers): share of the cells in which it is supported, refuted, or open at the level of "
        "the ledger. Right: the number of cells, and what the verdict turns over on. Claims that can be read at one "
        "cell alone are left out."
    ),
}


def captions(all_studies: Mapping[str, Study]) -> dict[str, str]:
    """The caption of each figure of the paper."""
    own = {s.figure_name(key): figure.caption for s in all_studies.values() for key, figure in s.figures.items()}
    return {**own, **OF_THE_LEDGER}
