"""The search: KerasTuner's oracles propose, an executor of ours runs, results are told in order."""
