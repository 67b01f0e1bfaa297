"""Whether a quarter survives kills and full disks at every step: `python -m bench.kill_drill`."""
