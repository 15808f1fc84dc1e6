"""The columns of the trial table that are not hyperparameters; stages read it without Keras."""

TRIAL_COLUMNS = [
    "trial",
    "status",
    "epochs",
    "val_accuracy",
    "val_loss",
    "parameters",
    "multiply_adds",
    "reason",
]
