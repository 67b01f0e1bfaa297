"""Error of this engine and of its peers at equal budget: `python -m bench.accuracy`."""
