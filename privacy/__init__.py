"""The guarantee: policy, public keys, noise, ledger and the one door.

Belongs here: everything that decides what leaves and at what cost. Does not belong here: reading
confidential tables (the caller hands rows over), writing released files (portal), scheduling.
"""
