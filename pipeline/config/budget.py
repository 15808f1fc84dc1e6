"""The choice of `auto` for what only costs time: it is on where it adds a tenth at most."""

from dataclasses import dataclass

from pipeline.config.automatic import CONFIRMED, Choice

# What is to be on by default may cost the rest divided by this.
SHARE = 10


@dataclass(frozen=True)
class Budget:
    """What a run trains anyway.

    Attributes:
        trials: Trials of all searches.
        trial_epochs: Epochs of a trial.
        seeds: Seeds of a final training.
        epochs: Epochs of each.
    """

    trials: int
    trial_epochs: int
    seeds: int
    epochs: int

    def confirm(self, usual: Choice) -> Choice:
        """Choose whether leaders are retrained: as usual, or where the search is ten times that."""
        trainings = CONFIRMED["top"] * CONFIRMED["seeds"]
        if usual.value is not None or SHARE * trainings > self.trials:
            return usual
        reason = f"{trainings} trainings are at most a tenth of the search's {self.trials} trials"
        return Choice(dict(CONFIRMED), reason)

    def untuned(self) -> Choice:
        """Choose whether the chosen architecture is also trained at its recipe."""
        own = self.seeds * self.epochs
        others = self.trials * self.trial_epochs + 2 * own
        cheap = SHARE * own <= others
        how = "at most" if cheap else "more than"
        reason = f"{own} epochs are {how} a tenth of the {others} epochs of the run without them"
        return Choice(cheap, reason)
