"""What exists in the Dagster graph; how it is done stands in ``steps``."""
