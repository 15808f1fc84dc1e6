"""The search for hyperparameters. `pipeline.search.search` is where to begin reading."""
