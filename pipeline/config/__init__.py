"""What the user sets: params.yaml, dvc.yaml, environment variables."""
