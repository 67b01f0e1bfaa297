"""Records of two quarters for tests of the dbt project; each says which rule it is there for."""

from __future__ import annotations

from datetime import date

from dbt_vault import Record, Vault

JACKSON, ST_LOUIS_COUNTY = "MO0480600", "MO0950000"


def report(report_id: str, child_id: str, day: str, **fields: str) -> Record:
    """One line of a Child File: a girl of 14 in St. Louis city, alleged sex trafficking."""
    usual = {
        "rptid": report_id,
        "chid": child_id,
        "rptdt": day,
        "chage": "14",
        "chsex": "2",
        "chcnty": "510",
        "rptcnty": "510",
        "chmal1": "7",
        "mal1lev": "01",
    }
    return usual | fields


class Submission:
    """A NIBRS flat file in the making: one segment a line."""

    def __init__(self) -> None:
        self._line = 0
        self.tables: dict[str, list[Record]] = {
            name: [] for name in ("administrative", "offense", "victim", "arrestee", "tokens")
        }

    def add(self, table: str, ori: str, incident: str, **fields: str) -> Submission:
        """Add one segment."""
        self._line += 1
        segment = {"segment_action_type": "I", "ori": ori, "incident_number": f"{incident:<12}"}
        self.tables[table].append(segment | {"line_number": self._line} | fields)
        return self

    def incident(self, ori: str, number: str, day: str, offence: str, *ages: str) -> Submission:
        """Add an incident with one offence and a victim of each age, friends of the offender."""
        self.add("administrative", ori, number, incident_date=day)
        self.add("offense", ori, number, ucr_offense_code=offence)
        for place, age in enumerate(ages, 1):
            self.add(
                "victim",
                ori,
                number,
                victim_sequence_number=f"{place:03d}",
                ucr_offense_code_connection_1=offence,
                type_of_victim="I",
                age_of_victim=age,
                sex_of_victim="F",
                offender_number_related_1="01",
                relationship_of_victim_to_offender_1="FR",
            )
        return self


def counts(quarter: str, **children: str) -> list[Record]:
    """Hotline counts: cases, and children by relationship."""
    cells = {"cases": children.pop("cases")} | children
    return [
        {
            "quarter": quarter,
            "measure": "cases" if cell == "cases" else "children",
            "relationship_group": "all" if cell == "cases" else cell,
            "count": count,
        }
        for cell, count in cells.items()
    ]


def deliver_first_quarter(vault: Vault) -> None:
    """Three full deliveries for 2025Q3, and the links of the quarter."""
    vault.deliver(
        "dss",
        "2025Q3",
        1,
        "full",
        {
            "child_file": [
                report("R1", "C1", "07152025"),
                report("R2", "C1", "08152025"),
                report("R3", "C1", "09152025"),
                report("R4", "C2", "09012025", chcnty="998", chsex="1", chage="05"),
                report("R4", "C3", "09012025", chcnty="999", rptcnty="189", chage="12"),
                report("R5", "C4", "09012025", chmal1="1", chmal3="7", mal3lev="08"),
                report("R6", "C5", "09012025", chbdate="08282007"),
                report("R7", "C6", "09012025", chmal1="2"),
            ]
        },
    )
    police = Submission()
    police.incident(ST_LOUIS_COUNTY, "I1", "20250710", "64A", "15  ", "17  ")
    police.incident(JACKSON, "I2", "20250810", "40A", "1417", "1720")
    police.incident("IL0160000", "I3", "20250901", "64B", "13  ")
    police.incident("MOMHP0000", "I4", "20250901", "13A", "13  ")
    police.incident("MO0970000", "I5", "20250720", "64A", "10  ")
    arrest = {"arrestee_sequence_number": "01", "arrest_date": "20250712"}
    police.add("arrestee", ST_LOUIS_COUNTY, "I1", **arrest, ucr_arrest_offense_code="64A")
    police.add(
        "arrestee",
        ST_LOUIS_COUNTY,
        "I1",
        **(arrest | {"arrestee_sequence_number": "02"}),
        ucr_arrest_offense_code="64A",
        multiple_arrestee_segments_indicator="M",
    )
    police.add(
        "arrestee",
        JACKSON,
        "OLD",
        segment_action_type="W",
        **arrest,
        ucr_arrest_offense_code="64B",
    )
    vault.deliver("mshp", "2025Q3", 1, "full", police.tables)
    vault.deliver(
        "hotline",
        "2025Q3",
        1,
        "full",
        {"counts": counts("2025Q3", cases="20", family="3", known="4", stranger="0", unknown="9")},
    )
    vault.link(
        "2025Q3",
        {
            f"{ST_LOUIS_COUNTY}:I1:001": ("a", "C1", date(2025, 7, 15)),
            f"{ST_LOUIS_COUNTY}:I1:002": (None, None, None),
            f"{JACKSON}:I2:001": ("b", "C3", date(2025, 9, 1)),
            "IL0160000:I3:001": ("c", None, None),
            "MO0970000:I5:001": ("d", None, None),
        },
    )


def deliver_second_quarter(vault: Vault) -> None:
    """Deliveries for 2025Q4: late records of the first quarter, a deletion, and a nil one."""
    vault.deliver(
        "dss",
        "2025Q4",
        1,
        "full",
        {
            "child_file": [
                report("R8", "C7", "10022025", inciddt="07202025"),
                report("R9", "C8", "08012025"),
            ]
        },
    )
    police = Submission().incident(JACKSON, "I6", "20251005", "64A", "16  ")
    police.add("administrative", "IL0160000", "I3", segment_action_type="D")
    vault.deliver("mshp", "2025Q4", 1, "full", police.tables)
    vault.deliver("hotline", "2025Q4", 1, "nil")
    owned = ("d", "C7", date(2025, 10, 2))
    year = {
        **dict.fromkeys(("C1", "C3", "C7"), "both"),
        **dict.fromkeys(("C2", "C8"), "dss_only"),
        f"{ST_LOUIS_COUNTY}:I1:002": "mshp_only",
    }
    vault.link("2025Q4", {f"{JACKSON}:I6:001": owned, "MO0970000:I5:001": owned}, year)
