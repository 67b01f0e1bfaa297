"""Time and memory of counting ten million children: `python -m bench.scale`."""
