"""When it all happens: Dagster definitions, settings, and the command line.

This room calls every other room and no room calls it. What a room knows how to do stays in that
room; here stands only when it is done, in which order, and how its failures are told.
"""
