"""The captions of all figures."""

from collections.abc import Mapping

from dying_relu.design.study import Study

OF_THE_LEDGER = {
    "verdicts": (
        "The estimate of every claim of the texts, the median seed or the share of seeds, with its interval (all "
        "cover together with probability 0.95), against the region in which the claim holds (shaded, with the smallest "
        "deviation of interest); each row has a scale of its own. Shares in per cent, differences of shares in "
        "percentage points (pts). An asterisk marks verdicts that turn over elsewhere on their map."
    ),
    "hypotheses": (
        "The same of what no text claims: this project's own hypotheses, and the replications of claims on other data, "
        "whose intervals cover together with probability 0.95 by themselves."
    ),
    "maps": (
        "Every claim of the texts over all cells that its sentence could be read at (rates on the scale of the limit, "
        "inputs, depths, optimisers, layers): share of the cells in which it is supported, refuted, or open at the "
        "level of the ledger. Right: the number of cells, and what the verdict turns over on. Claims that can be read "
        "at one cell alone are left out."
    ),
}


def captions(all_studies: Mapping[str, Study]) -> dict[str, str]:
    """The caption of each figure of the paper."""
    own = {s.figure_name(key): figure.caption for s in all_studies.values() for key, figure in s.figures.items()}
    return {**own, **OF_THE_LEDGER}
