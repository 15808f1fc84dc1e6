"""Statistics as pure functions, one module for each question, each with its source."""
