"""Drop boxes: servers on which agencies leave deliveries, and from which the hub collects them.

What is collected ends in the inbox, as if the agency had put it there. Does not belong here: taking
a delivery in (`sources.ingest`), and when a box is looked into (``defs``).
"""
