"""Statistics as pure functions, one file a question, each with its source."""
