"""What the Children's Division hands over of children in care: the AFCARS Out-of-Home Care file.

Does not belong here: which child is in care when (`care_stays`). Elements that no count uses stand
in the file where a code says little ("not collected"), and otherwise not at all, as in files that
leave blocks out.

Source: the test files of ICF's AFCARS XML Editor for the form.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from jurisdiction.state import read_state
from simulator.calibration import figure
from simulator.care_stays import FORMER_UNTIL, MISSING, RUNAWAY, CareChild, Stay, list_children
from simulator.chance import Chance
from simulator.population import Population
from sources.contracts import current_contract
from sources.quarters import Quarter

_OPENING = """<?xml version="1.0" encoding="utf-8"?>
<acf:data xmlns:acf="http://www.acf.hhs.gov">
    <E1_title_iv_agency>{agency}</E1_title_iv_agency>
    <E2_report_date>{period}</E2_report_date>
    <records>
"""
_CLOSING = """    </records>
</acf:data>
"""
_NOT_STATED = "66666666"
_BEFORE = ("E107", "E108", "prior_victim")
_DURING = ("E110", "E111", "victim")


def write_care_delivery(population: Population, quarter: Quarter, path: Path) -> int:
    """Write the file of the half-year that a quarter closes; give how many children it tells."""
    last_day = quarter.next().first_day - timedelta(days=1)
    chance = Chance(population.scenario.seed, "care file", quarter)
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        period = f"{last_day:%Y%m}"
        agency = current_contract("care").title_iv_agency
        file.write(_OPENING.format(agency=agency, period=period))
        for child in list_children(population, quarter.previous(), quarter):
            file.write(f"<record>{''.join(_write_child(child, last_day, chance))}</record>\n")
            count += 1
        file.write(_CLOSING)
    return count


def _write_child(child: CareChild, last_day: date, chance: Chance) -> Iterator[str]:
    person = child.person
    is_wrong = chance.happens(figure("care_answer_wrong"))
    yield _say("E4_child_record_number", child.number)
    yield _say("E5_date_of_birth", "99999999" if is_wrong else f"{person.birth_date:%Y%m%d}")
    yield _say("E6_sex", "1" if person.sex == "male" else "2")
    if chance.happens(0.1):
        yield (
            "<E63_E68_termination_of_parental_rights><tpr_second_parent>"
            f"{_say('E66_tpr_petition_date_parent2', _NOT_STATED)}"
            "</tpr_second_parent></E63_E68_termination_of_parental_rights>"
        )
    stays = [one for one in child.stays if one.removed <= last_day]
    newest_first = sorted(stays, key=lambda one: one.removed, reverse=True)
    yield "<E69_E186_removals>"
    yield from (
        _write_former(stay)
        if stay.left < FORMER_UNTIL
        else "".join(_write_stay(stay, person.county, last_day, chance))
        for stay in newest_first
    )
    yield "</E69_E186_removals>"
    yield from _write_trafficking(child, last_day, chance)


def _write_former(stay: Stay) -> str:
    left = _say("E153_exit_date", f"{stay.left:%Y%m%d}")
    days = _say("E69_removal_date", f"{stay.removed:%Y%m%d}") + left
    return f"<removal_1993>{days}{_say('E155_exit_reason', stay.reason)}</removal_1993>"


def _write_stay(stay: Stay, county: str, last_day: date, chance: Chance) -> Iterator[str]:
    is_open = stay.is_open_on(last_day)
    yield "<removal_2020>"
    yield _say("E69_removal_date", f"{stay.removed:%Y%m%d}")
    yield _say("E71_removal_environment", "1")
    nowhere = f"{read_state().fips}999"
    yield _say("E3_local_agency", nowhere if chance.happens(0.01) else county)
    ran = chance.happens(0.02)
    yield _say("E72_runaway", "1" if ran else "0") + _say("E73_whereabouts_unknown", "0")
    yield _say("E77_neglect", "1")
    yield _say("E99_sex_trafficking", "1" if stay.is_because_of_trafficking else "0")
    yield "<E112_E146_living_arrangements>"
    yield from (_write_setting(day, code) for day, code in stay.settings if day <= last_day)
    yield "</E112_E146_living_arrangements>"
    yield _say("E153_exit_date", "" if is_open else f"{stay.left:%Y%m%d}")
    yield _say("E155_exit_reason", "9" if is_open else stay.reason)
    yield "</removal_2020>"


def _write_setting(day: date, code: str) -> str:
    is_away = code in (RUNAWAY, MISSING)
    said = _say("E112_date_living_arrangement", f"{day:%Y%m%d}")
    said += _say("E113_foster_family_home", "0" if code else "1")
    said += _say("E120_other_living_arrangement_type", code)
    said += _say("E121_location_of_living_arrangement", "4" if is_away else "1")
    return f"<living_arrangement>{said}</living_arrangement>"


def _write_trafficking(child: CareChild, last_day: date, chance: Chance) -> Iterator[str]:
    """What the file tells of the child so far; days of a report repeat in their block."""
    days = [day for day in child.report_days if day <= last_day]
    happened = child.trafficked_on is not None and child.trafficked_on <= last_day
    for told, is_so, (answer, day, word) in (
        ("E106_prior_victim_sex_trafficking", child.trafficked_before, _BEFORE),
        ("E109_victim_sex_trafficking", happened, _DURING),
    ):
        yield _say(told, "1" if is_so else "0")
        block = f"{answer}_{day}_{word}_sex_trafficking_reporting"
        if is_so:
            name = f"{word}_sex_trafficking_reported"
            said = _say(f"{answer}_{name}", "1" if days else "0")
            said += "".join(_say(f"{day}_{name}_date", f"{one:%Y%m%d}") for one in days)
            yield f"<{block}>{said}</{block}>"
        elif chance.happens(0.5):
            yield f"<{block}/>"


def _say(name: str, value: str) -> str:
    return f"<{name}>{value}</{name}>" if value else f"<{name}/>"
