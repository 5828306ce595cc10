"""What determines a network beside its seed: the settings, each with its type, bounds, reference value and meaning.

The reference network is what a study gets where it says nothing. The messages about a wrong setting and the table of
settings in config/README.md come from here.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model

from dying_relu.design.catalogue import ACTIVATIONS, ARCHITECTURES, INITIALIZERS, INTERVENTIONS, OPTIMIZERS
from dying_relu.design.datasets import DATASETS, PORTIONS, SCALINGS, SHIFTS
from dying_relu.design.reading import Distinct, Strict, Whole, one_of


def _listed(entries: Mapping[str, Any]) -> str:
    """The names of a part of the catalogue, each with what there is to say of it."""
    return ", ".join(f"`{key}`" + (f" ({entry.note})" if entry.note else "") for key, entry in entries.items())


class Settings(Strict):
    """The settings of a network; without arguments those of the reference network."""

    dataset: Annotated[str, one_of(lambda: DATASETS)] = Field(
        default="digits",
        description=_listed(DATASETS)
        + ". Regressions have no accuracy; where batches are fresh, activity is measured on 10,000 fixed samples",
    )
    scaling: Annotated[str, one_of(lambda: SCALINGS)] = Field(
        default="standardised",
        description=(
            "`standardised` (each feature to mean 0, standard deviation 1), `centred` (only the mean), `scaled` "
            "(only the deviation), `unit` (each feature to [0, 1]), `raw`; always from the training set"
        ),
    )
    target_scale: float = Field(
        default=1.0,
        gt=0,
        description="factor on the real-valued targets of a regression",
    )
    portion: Annotated[str, one_of(lambda: PORTIONS)] = Field(
        default="all",
        description=(
            "the part of each seed's training set that is trained on and on which activity is measured: `all`, "
            "`first_half`, `second_half`, `low_classes`, `high_classes` (the lower or higher half of the classes, "
            "or targets; tested on the same classes); each part is just under half of all"
        ),
    )
    shift: Annotated[str, one_of(lambda: SHIFTS)] = Field(
        default="none",
        description=(
            "shift of all inputs: `none`, `noise_0.25`, `noise_0.5`, `noise_1`, `noise_2` (normal noise of so "
            "many standard deviations of each feature), `translated_1`, `translated_2` (images moved so many "
            "pixels down and right), `inverted` (each feature mirrored in its range)"
        ),
    )
    architecture: Annotated[str, one_of(lambda: ARCHITECTURES)] = Field(
        default="dense",
        description=(
            "`dense`; on images also `conv` (3 by 3 convolutions without padding, `width` channels), `conv_pool` (the "
            "same, and after each activation the largest of 2 by 2) and `local` (the same patches, but weights of its "
            "own at every position)"
        ),
    )
    depth: Whole = Field(
        default=3,
        ge=1,
        le=100,
        description="hidden layers",
    )
    width: Whole = Field(
        default=64,
        ge=1,
        description="units of each hidden layer",
    )
    activation: Annotated[str, one_of(lambda: ACTIVATIONS)] = Field(
        default="relu",
        description=_listed(ACTIVATIONS),
    )
    initializer: Annotated[str, one_of(lambda: INITIALIZERS)] = Field(
        default="he_normal",
        description=_listed(INITIALIZERS),
    )
    init_scale: float = Field(
        default=1.0,
        description="factor on the initial weights of hidden layers; with `ones` and one unit it is the start",
    )
    output_scale: float = Field(
        default=1.0,
        description="factor on the initial weights of the output layer",
    )
    bias: float | None = Field(
        default=0.0,
        description="initial bias of the hidden units; `null` for hidden layers without bias",
    )
    bias_layer: Whole = Field(
        default=0,
        ge=0,
        description="the hidden layer whose units start at `bias`, those of all others at 0; 0: those of all layers",
    )
    bias_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of the units of a layer that start at `bias`, rounded; its others start at 0",
    )
    batch_norm: bool = Field(
        default=False,
        description="batch normalisation before each hidden activation",
    )
    output_layer: bool = Field(
        default=True,
        description="`false`: the last hidden layer is the output; its `width` must be the number of outputs",
    )
    biased_output: bool = Field(
        default=True,
        description="`false`: an output layer without bias",
    )
    optimizer: Annotated[str, one_of(lambda: OPTIMIZERS)] = Field(
        default="sgd",
        description=_listed(OPTIMIZERS),
    )
    frozen: Whole = Field(
        default=0,
        ge=0,
        description="hidden layers, counted from the input, that stay as they start; fewer than `depth`",
    )
    learning_rate: float = Field(
        default=0.05,
        gt=0,
        description="positive",
    )
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        description="L2 penalty: strength times the squared entries of all kernels, added to the loss",
    )
    bias_decay: float = Field(
        default=0.0,
        ge=0,
        description="the same on the biases of hidden units alone",
    )
    decoupled_decay: float = Field(
        default=0.0,
        ge=0,
        description=(
            "no penalty of the loss: strength times the rate is the share of itself that every trained variable loses "
            "right before each of the optimiser's steps (`weight_decay` of Keras's optimisers; with `adam` it is AdamW)"
        ),
    )
    decoupled_biases: bool = Field(
        default=True,
        description="`false`: `decoupled_decay` is of weights alone, not of biases (nor of what an activation learns)",
    )
    activity_penalty: float = Field(
        default=0.0,
        ge=0,
        description="L1 penalty: strength times the summed absolute outputs of hidden units, mean over the batch",
    )
    batch_size: Whole = Field(
        default=50,
        ge=1,
        description="samples that do not fill a batch wait for the next epoch's shuffle",
    )
    epochs: Whole = Field(
        default=30,
        ge=1,
        description="passes over the training set",
    )
    intervention: Annotated[str, one_of(lambda: INTERVENTIONS)] = Field(
        default="none",
        description="what happens after `intervention_epoch` epochs; see below",
    )
    intervention_epoch: Whole = Field(
        default=0,
        ge=0,
        description=(
            "between 1 and `epochs` - 1 where something is to happen; `none` with an epoch is the control, "
            "measured at the same moments"
        ),
    )
    rate_factor: float = Field(
        default=1.0,
        gt=0,
        description="factor on the learning rate from the intervention on",
    )
    strength: float = Field(
        default=0.0,
        ge=-30,
        le=30,
        description="of an outlier",
    )
    shut: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description=(
            "share of the units of each hidden layer, at random, that are shut for ever: weights 0 and bias -1, so "
            "that no input opens them and no gradient moves them; those of a smaller share are among those of a larger"
        ),
    )
    shut_epoch: Whole = Field(
        default=0,
        ge=0,
        description="epochs before they are; 0: before the first step, after the first measurement",
    )


SETTINGS = tuple(Settings.model_fields)
NAMED_RATES = ("killing", "proper")  # learning rates that go by a name; see `analysis.rates`

_TYPES = {name: field.rebuild_annotation() for name, field in Settings.model_fields.items()}
# what a study file gives of them: some
_GIVEN = {name: (kind, None) for name, kind in _TYPES.items()}
Given = create_model("Given", __base__=Strict, **_GIVEN)  # type: ignore[call-overload]
# what a grid gives: for some a list of levels
_LEVELS = {name: (Annotated[list[kind], Field(min_length=1), Distinct], None) for name, kind in _TYPES.items()}  # type: ignore[valid-type]
Levels = create_model("Levels", __base__=Strict, **_LEVELS)  # type: ignore[call-overload]


def table() -> str:
    """The settings as the Markdown table of config/README.md."""
    rows = [
        f"| `{name}` | {_shown(field.default)} | {field.description} |" for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | reference | choices |", "| --- | --- | --- |", *rows]) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str) else f"{value:g}"
