"""What is kept of a training beside its head: on what, by what, and what came of it on sources left out."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Count = Annotated[int, Field(ge=0, le=10**9)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Interval(_Kept):
    """A measured value and its 95 % interval."""

    value: Share
    low: Share
    high: Share


class Counted(_Kept):
    """`count` of `of` files, and the 95 % interval of that share."""

    count: Count
    of: Count
    low: Share
    high: Share

    def __str__(self) -> str:
        return f"{self.count} of {self.of} ({self.low:.0%} to {self.high:.0%})"


class HeldOut(_Kept):
    """Files scored by heads that were trained without their source, at the mark of 0.5; intervals by source and file.

    own_auc: of the final head on the very files it was trained on. Worth nothing by itself; beside `auc` it tells how
    much of what was learnt does not reach beyond its sources.
    """

    auc: Interval
    eer: Share
    false_alarms: Counted
    misses: Counted
    own_auc: Share

    @property
    def at_chance(self) -> bool:
        """Whether these figures could be those of a head that tells nothing, or worse."""
        return self.auc.low <= 0.5

    def sentence(self) -> str:
        return (
            f"On sources that were left out: AUC {self.auc.value:.2f} (95 % interval {self.auc.low:.2f} to "
            f"{self.auc.high:.2f}), EER {self.eer:.2f}; at the mark of 0.5 false alarms on {self.false_alarms} "
            f"unmanipulated files, and {self.misses} manipulated ones missed"
        )


class Training(_Kept):
    """How a head came about. Which files these were is said by their SHA-256 in trained-on.json.

    backbone_sha256: of its model.safetensors. prepared: how its input was made, by which face finder. most_rows: the
    largest number of pictures or windows of one file that were looked at. seed: which sources are left out together
    where there are many. warnings: sentences.
    """

    created: Text
    real_files: Count
    fake_files: Count
    real_sources: Count
    fake_sources: Count
    backbone: Text
    backbone_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    prepared: Text = ""
    seed: Annotated[int, Field(ge=0, le=2**31)]
    l2: Annotated[float, Field(ge=0, le=1e6)]
    most_rows: Count
    versions: dict[Text, Text]
    held_out: HeldOut
    warnings: tuple[Text, ...] = ()

    def sentence(self) -> str:
        """For a card."""
        return " ".join(
            [
                f"Trained here on {self.trained_on()} ({self.created[:10]}). {self.held_out.sentence()}. "
                "That holds for files like these. Not calibrated by that.",
                *self.warnings,
            ]
        )

    def even_so(self) -> "Training":
        """With a warning for its card that it was added against what its figures say."""
        said = "WARNING: training refused to add it for that. It was added even so."
        return self.model_copy(update={"warnings": (*self.warnings, said)})

    def trained_on(self) -> str:
        return (
            f"{self.real_files} unmanipulated files from {self.real_sources} sources and {self.fake_files} "
            f"manipulated ones from {self.fake_sources}"
        )
