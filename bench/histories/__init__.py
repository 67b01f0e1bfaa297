"""How far one identity moves each table over all years, in random histories of deliveries.

`python -m bench.histories` replays many small worlds through the models' own SQL and the linker,
with and without each identity, record and child, and prints the largest distance beside each claim
of the policy. Does not belong here: the proof (see `linkage.links`).
"""
