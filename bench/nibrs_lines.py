"""Made-up NIBRS lines for benchmarks and tests: a report of an incident, and changes of one.

Here: text of segments. Not here: what they mean (`nibrs_model`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sources.layout import load_nibrs_layout

ORI = "MO0950000"
USUAL = {
    "0": {"incident_number": "0" * 12, "zero_report_month": "01", "zero_report_year": "2025"},
    "1": {"incident_date": "20250115", "cleared_exceptionally": "N"},
    "2": {"ucr_offense_code": "64A", "offense_attempted_completed": "C", "location_type": "14"},
    "3": {"type_property_loss": "1"},
    "4": {
        "victim_sequence_number": "001",
        "type_of_victim": "I",
        "age_of_victim": "15",
        "sex_of_victim": "F",
        "offender_number_related_1": "01",
        "relationship_of_victim_to_offender_1": "AQ",
    },
    "5": {"offender_sequence_number": "01", "age_of_offender": "30", "sex_of_offender": "M"},
    "6": {
        "arrestee_sequence_number": "01",
        "arrest_transaction_number": "T1",
        "arrest_date": "20250120",
        "type_of_arrest": "O",
        "multiple_arrestee_segments_indicator": "N",
        "ucr_arrest_offense_code": "64A",
        "age_of_arrestee": "30",
        "sex_of_arrestee": "M",
        "race_of_arrestee": "W",
    },
    "7": {
        "arrest_transaction_number": "B1",
        "arrestee_sequence_number": "01",
        "arrest_date": "20250117",
        "type_of_arrest": "O",
        "ucr_arrest_offense_code": "90Z",
        "age_of_arrestee": "35",
        "sex_of_arrestee": "M",
    },
}


def segment(
    level: str,
    number: str,
    action: str = "I",
    *,
    ori: str = ORI,
    month: str = "012025",
    **values: str,
) -> str:
    """One line; fields that are not given have their usual value."""
    layout = load_nibrs_layout()[level]
    width = min(layout.lengths)
    given = {
        "segment_length": f"{width:04d}",
        "segment_level": level,
        "segment_action_type": action,
        "month_of_submission": month[:2],
        "year_of_submission": month[2:],
        "ori": ori,
    }
    if level not in "07":
        given["incident_number"] = number
    if level == "4" and not any(name.startswith("ucr_offense") for name in values):
        given["ucr_offense_code_connection_1"] = "64A"
    line = [" "] * layout.width
    for name, value in (given | USUAL[level] | values).items():
        field = layout.field(name)
        line[field.start - 1 : field.end] = value.ljust(field.length)
    return "".join(line)[:width]


def report(
    number: str,
    *ages: str,
    action: str = "I",
    date: str = "20250115",
    offences: Sequence[str] = ("64A",),
    arrests: Sequence[str] = (),
    ori: str = ORI,
    month: str = "012025",
    **values: str,
) -> list[str]:
    """A whole report: a victim of each age (one of 15 if none is given), a code for each arrest.

    Values named `l4_sex_of_victim` go into every segment of level 4.
    """

    def write(level: str, **own: str) -> str:
        extra = {name[3:]: value for name, value in values.items() if name[1] == level}
        return segment(level, number, action, ori=ori, month=month, **(own | extra))

    lines = [write("1", incident_date=date)]
    lines += [write("2", ucr_offense_code=code) for code in offences]
    for place, age in enumerate(ages or ("15",), 1):
        own = {"victim_sequence_number": f"{place:03d}", "age_of_victim": age}
        connected = {"ucr_offense_code_connection_1": offences[0]}
        given = {name for name in values if name.startswith("l4_ucr")}
        lines.append(write("4", **own, **({} if given else connected)))
    lines.append(write("5"))
    for place, code in enumerate(arrests, 1):
        own = {"arrestee_sequence_number": f"{place:02d}", "ucr_arrest_offense_code": code}
        lines.append(write("6", arrest_transaction_number=f"T{place}", **own))
    return lines
