"""What exists in the Dagster graph; how it is done stands one folder up."""
