"""What agencies hand over: formats, manifests, contracts, checks and receipts.

Belongs here: everything from the bytes in an agency's inbox to raw Parquet in the vault.
Does not belong here: what a field means for a count (dbt), who is the same child (linkage),
when a delivery is read (orchestration).
"""
