"""The support of running stages: guard, messages, costs. It affects no byte of any output."""
