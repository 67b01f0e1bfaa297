"""A policy small enough to change in a test, its key lists, and ways to write and load them."""

from pathlib import Path

from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.policy import Policy, load_policy

RULES = "5" * 64
"""Hash of the rules of a plan, where no rule is looked at."""

SMALL = """
version = 3
reviewed_on = 2026-01-15
first_day_of_record = 2000-01-01
delta = "0.000001"
unit = "One child."
signers = 1
unprotected = ["the plan"]

[budget]
quarterly = "0.125"
annual = "0.25"

[caps]
quarter = "0.125"
annual = "0.25"
year = "0.5"
three_years = "0.5"
lifetime = "1.0"

[modelled]
enabled = false

[synthetic]
enabled = true

[geographies.dss]
levels = ["state", "region"]

[levels.state]
title = "State"

[levels.region]
title = "Region"

[dimensions.definition]
title = "Definition"
published = [
  { key = "strict", label = "Strict", cells = ["strict"] },
  { key = "broad", label = "Broad", cells = ["strict", "broad_only"] },
]

[dimensions.sex]
title = "Sex"

[frames.victims]
kind = "rows"
counting = "activity"
cadence = "quarterly"
geography = "dss"
levels = ["state", "region"]
columns = ["definition"]
bound = 1
quarters = 2
reason = "One row each."

[frames.pairs]
kind = "linked"
counting = "cohort"
cadence = "quarterly"
geography = "dss"
levels = ["state"]
columns = ["sex"]
bound_squared = 7
reason = "At most two."

[frames.calls]
kind = "aggregate"
counting = "activity"
cadence = "annual"
geography = "dss"
levels = ["state"]
columns = []
bound = 1
reason = "One call each."

[[tables]]
name = "victims"
title = "Victims (records)"
unit = "records"
sources = ["mshp"]
frame = "victims"
level = "state"
dimensions = ["definition"]
weight = 2
definition = "All."

[[tables]]
name = "victims_by_region"
title = "Victims, by region (records)"
unit = "records"
sources = ["mshp"]
frame = "victims"
level = "region"
dimensions = []
definition = "All by region."

[[tables]]
name = "pairs"
title = "Pairs (records)"
unit = "records"
sources = ["mshp"]
frame = "pairs"
level = "state"
dimensions = ["sex"]
weight = 1
definition = "All."

[[tables]]
name = "calls"
title = "Calls (calls)"
unit = "calls"
sources = ["hotline"]
frame = "calls"
level = "state"
dimensions = []
definition = "All."

[[tables]]
name = "silent"
title = "Silent (records)"
unit = "records"
sources = []
level = "state"
dimensions = []
collected = false
definition = "None."
"""

CALLS_OFF = SMALL.replace(
    'definition = "All."\n\n[[tables]]\nname = "silent"',
    'definition = "All."\nwithheld = "Not released: too few."\n\n[[tables]]\nname = "silent"',
)
"""The small policy with its one annual table withheld, and so its annual frame switched off."""

DECLARED = """
[public.courts]
contract = "courts/1"
reason = "Anybody may count them."

[[tables]]
name = "filed"
title = "Filed (cases)"
unit = "cases"
sources = ["courts"]
public = "filed"
level = "state"
dimensions = []
definition = "All."
"""
"""What declares totals of the courts public, after the rest of the policy."""

PUBLISHED = SMALL[SMALL.index("published = [") : SMALL.index("[dimensions.sex]")].rstrip()

LISTS = {
    "state": "key,label,description\nMissouri,Missouri,\n",
    "region": "key,label,description\nN,North,\nS,South,\nUnknown,Not known,\n",
    "definition": "key,label,description\nstrict,Strict,\nbroad_only,Broad only,\n",
    "sex": "key,label,description\nf,Female,\nm,Male,\nu,Unknown,\n",
    "counties": (
        "county,region,child_population_2019,valid_to\n"
        "S,S,30,9999-12-31\nN,N,120,9999-12-31\nN,S,100,2019-09-01\n"
    ),
}


def write_policy(folder: Path, text: str = SMALL) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def write_lists(folder: Path) -> Path:
    for name, text in LISTS.items():
        (folder / f"{name}.csv").write_bytes(text.encode())
    return folder


def load_small(folder: Path, text: str = SMALL) -> tuple[Policy, PublicKeys]:
    policy = load_policy(write_policy(folder, text))
    return policy, load_keys(write_lists(folder), policy)
