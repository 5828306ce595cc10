"""The captions of all figures."""

from collections.abc import Mapping

from dying_relu.design.study import Study

VERDICTS_CAPTION = (
    "Every claim's estimate with its interval at the level that Holm's method gives it, against the region in which "
    "the claim holds (shaded, with the smallest deviation of interest); each row has a scale of its own. "
    "Shares in per cent, differences of shares in percentage points (pts)."
)


def captions(all_studies: Mapping[str, Study]) -> dict[str, str]:
    """The caption of each figure of the paper."""
    own = {s.figure_name(key): figure.caption for s in all_studies.values() for key, figure in s.figures.items()}
    return {**own, "verdicts": VERDICTS_CAPTION}
