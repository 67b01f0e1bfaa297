"""A year of the hub in one sitting: simulated deliveries, a simulated clock, and bad days.

What the calendar starts is started by the real schedules and sensors; only the people are played.
Does not belong here: anything that a hub with real deliveries does.
"""
