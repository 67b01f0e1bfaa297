"""Small AFCARS files, for tests of what reads and what delivers them."""

from __future__ import annotations

import hashlib

CHILD = "CHILD0000001"

Elements = tuple[str, ...]


def say(**values: str) -> str:
    """Elements by the number of their names, such as `E69="20250110"`."""
    return "".join(f"<{NAMES[name]}>{value}</{NAMES[name]}>" for name, value in values.items())


NAMES = {
    "E1": "E1_title_iv_agency",
    "E2": "E2_report_date",
    "E3": "E3_local_agency",
    "E4": "E4_child_record_number",
    "E5": "E5_date_of_birth",
    "E6": "E6_sex",
    "E66": "E66_tpr_petition_date_parent2",
    "E69": "E69_removal_date",
    "E72": "E72_runaway",
    "E73": "E73_whereabouts_unknown",
    "E99": "E99_sex_trafficking",
    "E106": "E106_prior_victim_sex_trafficking",
    "E107": "E107_prior_victim_sex_trafficking_reported",
    "E108": "E108_prior_victim_sex_trafficking_reported_date",
    "E109": "E109_victim_sex_trafficking",
    "E110": "E110_victim_sex_trafficking_reported",
    "E111": "E111_victim_sex_trafficking_reported_date",
    "E112": "E112_date_living_arrangement",
    "E113": "E113_foster_family_home",
    "E120": "E120_other_living_arrangement_type",
    "E121": "E121_location_of_living_arrangement",
    "E153": "E153_exit_date",
    "E155": "E155_exit_reason",
}

SETTING = {"E112": "20250110", "E113": "1", "E120": "", "E121": "1"}
REMOVAL = {"E69": "20250110", "E3": "29510", "E72": "0", "E73": "0", "E99": "0"}
ABOUT = {"E4": CHILD, "E5": "20100115", "E6": "2", "E106": "0", "E109": "0"}


def setting(**values: str) -> str:
    return f"<living_arrangement>{say(**SETTING | values)}</living_arrangement>"


def removal(*settings: str, **values: str) -> str:
    stay = {"E153": "", "E155": "1" if values.get("E153") else "9"}
    told = say(**REMOVAL | stay | values)
    lived = "".join(settings or (setting(E112=values.get("E69", REMOVAL["E69"])),))
    block = "E112_E146_living_arrangements"
    return f"<removal_2020>{told}<{block}>{lived}</{block}></removal_2020>"


def former(**values: str) -> str:
    stay = {"E69": "20180120", "E153": "20180301", "E155": "2"}
    return f"<removal_1993>{say(**stay | values)}</removal_1993>"


def before(**values: str) -> str:
    block = "E107_E108_prior_victim_sex_trafficking_reporting"
    return f"<{block}>{say(**values)}</{block}>"


def during(**values: str) -> str:
    block = "E110_E111_victim_sex_trafficking_reporting"
    return f"<{block}>{say(**values)}</{block}>"


def record(*parts: str, stays: Elements | None = None, **values: str) -> str:
    block = "E69_E186_removals"
    told = "".join((removal(),) if stays is None else stays)
    return f"<record>{say(**ABOUT | values)}<{block}>{told}</{block}>{''.join(parts)}</record>"


def care_xml(*records: str, agency: str = "29", period: str = "202503") -> bytes:
    lines = "\n".join(records or (record(),))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<acf:data xmlns:acf="http://www.acf.hhs.gov" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://www.acf.hhs.gov schema_ooh.xsd">\n'
        f"{say(E1=agency, E2=period)}\n<records>\n{lines}\n</records>\n</acf:data>\n"
    ).encode()


def number_of(*name: object) -> str:
    """Twelve characters, the same for the same name."""
    return hashlib.sha256("/".join(map(str, name)).encode()).hexdigest()[:12].upper()


def many(count: int = 30) -> list[str]:
    """Children of whom nothing is remarkable, so that one among them is no great share."""
    return [record(E4=number_of("many", place)) for place in range(count)]
