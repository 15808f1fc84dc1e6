"""The columns of the trial table that are not hyperparameters."""

TRIAL_COLUMNS = ["trial", "status", "epochs", "val_accuracy", "val_loss", "parameters", "reason"]
