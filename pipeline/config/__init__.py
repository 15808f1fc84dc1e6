"""The user's settings: params.yaml, dvc.yaml, environment variables."""
