"""The rules of the lines of an AFCARS Out-of-Home Care file.

Belongs here: what a value must be, and what two answers may not say together. Does not belong here:
what becomes of a line (`afcars`), nor what a code means for a count. Lists of codes stand in
`layouts/afcars_ooh.csv`.

Source: 45 CFR 1355.43 and 1355.44, and the checks of ICF's AFCARS XML Editor, of which those that a
rightly told child can break only note. See decision 0027.
"""

from jurisdiction.folder import list_counties
from sources.afcars_xml import (
    CHILDREN,
    FORMER_REMOVALS,
    REMOVALS,
    REPORTS_BEFORE,
    REPORTS_IN_CARE,
    SETTINGS,
)
from sources.layout import load_afcars_layout
from sources.record_rules import is_blank, is_no_date, is_not_listed
from sources.workbench import Check

_NUMBER = "e4_child_record_number"
_BORN = "e5_date_of_birth"
_SEX = "e6_sex"
_COUNTY = "e3_local_agency"
_BEFORE, _DURING = "e106_prior_victim_sex_trafficking", "e109_victim_sex_trafficking"
_TOLD_BEFORE = "e107_prior_victim_sex_trafficking_reported"
_TOLD_DURING = "e110_victim_sex_trafficking_reported"
_DAY_BEFORE = "e108_prior_victim_sex_trafficking_reported_date"
_DAY_DURING = "e111_victim_sex_trafficking_reported_date"
_REMOVED, _LEFT, _REASON = "e69_removal_date", "e153_exit_date", "e155_exit_reason"
_RAN, _MISSING, _TRAFFICKED = "e72_runaway", "e73_whereabouts_unknown", "e99_sex_trafficking"
_PLACED, _HOME = "e112_date_living_arrangement", "e113_foster_family_home"
_SETTING, _WHERE = "e120_other_living_arrangement_type", "e121_location_of_living_arrangement"

_NO_EXIT = 9
_FIRST_NEW_EXIT = "DATE '2022-10-01'"
"""A stay that ended before is told as a former removal (45 CFR 1355.43(b)(3))."""

_CODES = {name.lower(): one.codes for name, one in load_afcars_layout().items()}
_DAYS = {
    "born": _BORN,
    "removed": _REMOVED,
    "left_care": _LEFT,
    "placed": _PLACED,
    "told_before": _DAY_BEFORE,
    "told_during": _DAY_DURING,
    "newest": "newest_removal",
}
ORDERED = ", ".join(
    f"try_cast(try_strptime({field}, '%Y%m%d') AS DATE) AS {name}" for name, field in _DAYS.items()
)
"""SQL columns over a line: its days, NULL where there is none; comparing them never fails."""


def _is(field: str, *codes: int) -> str:
    return f"coalesce(try_cast({field} AS INTEGER) IN ({', '.join(map(str, codes))}), false)"


def _is_filled(field: str) -> str:
    return f"NOT {is_blank(field)}"


def _differ(one: str, other: str) -> str:
    return f"({one}) <> ({other})"


def _code(field: str) -> Check:
    """A code that is not on its list is left blank; a leading zero is none of it."""
    codes = [spelt for code in _CODES[field] for spelt in (code, code.zfill(2))]
    return Check("MS228", field, is_not_listed(field, codes, may_be_blank=True), "field")


def _late(field: str, day: str) -> Check:
    return Check("MS231", field, f"coalesce({day} > last_day, false)", "nothing")


def _order(field: str, first: str, second: str) -> Check:
    return Check("MS236", field, f"coalesce({first} > {second}, false)", "nothing")


def _clash(field: str, fails: str) -> Check:
    return Check("MS235", field, fails, "nothing")


def _check_reports(happened: str, answer: str, field: str, day: str) -> tuple[Check, ...]:
    return (
        _code(answer),
        Check("MS230", field, is_no_date(field, "yyyymmdd", may_be_blank=True), "field"),
        _clash(answer, f"{_is_filled(answer)} AND NOT {_is(happened, 1)}"),
        _clash(field, _differ(_is(answer, 1), _is_filled(field))),
        _late(field, day),
        _order(field, "born", day),
    )


def _check_stay(*, may_be_in_care: bool) -> tuple[Check, ...]:
    """A stay without its first day, or that ends before it, can be counted on no day."""
    unreadable = is_no_date(_LEFT, "yyyymmdd", may_be_blank=may_be_in_care)
    return (
        Check("MS232", _REMOVED, is_no_date(_REMOVED, "yyyymmdd", may_be_blank=False)),
        Check("MS233", _LEFT, f"{unreadable} OR coalesce(left_care < removed, false)"),
        _order(_REMOVED, "born", "removed"),
        _late(_REMOVED, "removed"),
        _late(_LEFT, "left_care"),
    )


def _list_counties() -> str:
    codes = [county["fips"] for county in list_counties()]
    return is_not_listed(_COUNTY, codes, may_be_blank=False)


_IS_NO_CHILD_NUMBER = f"NOT regexp_full_match({_NUMBER}, '[!-~][ -~]{{10}}[!-~]')"
_IS_ABSENT = _is(_SETTING, 12, 13)

CHECKS: dict[str, tuple[Check, ...]] = {
    CHILDREN: (
        Check("MS224", _NUMBER, _IS_NO_CHILD_NUMBER),
        Check(
            "MS226",
            _BORN,
            f"{is_no_date(_BORN, 'yyyymmdd', may_be_blank=True)} "
            "OR coalesce(born > last_day, false)",
            "field",
        ),
        *map(_code, (_SEX, _BEFORE, _DURING)),
        Check("MS227", "", "has_unknown", "nothing"),
        _clash(_TOLD_BEFORE, f"{_is(_BEFORE, 1)} AND {is_blank(_TOLD_BEFORE)}"),
        _clash(_TOLD_DURING, f"{_is(_DURING, 1)} AND {is_blank(_TOLD_DURING)}"),
    ),
    REPORTS_BEFORE: _check_reports(_BEFORE, _TOLD_BEFORE, _DAY_BEFORE, "told_before"),
    REPORTS_IN_CARE: (
        *_check_reports(_DURING, _TOLD_DURING, _DAY_DURING, "told_during"),
        Check("MS238", _DAY_DURING, "coalesce(newest > told_during, false)", "nothing"),
    ),
    REMOVALS: (
        *_check_stay(may_be_in_care=True),
        *map(_code, (_RAN, _MISSING, _TRAFFICKED, _REASON)),
        Check("MS237", _COUNTY, _list_counties(), "nothing"),
        _clash(_MISSING, f"{_is(_RAN, 1)} AND {_is(_MISSING, 1)}"),
        _clash(_REASON, _differ(_is(_REASON, _NO_EXIT), is_blank(_LEFT))),
    ),
    FORMER_REMOVALS: (
        *_check_stay(may_be_in_care=False),
        Check("MS240", _LEFT, f"coalesce(left_care >= {_FIRST_NEW_EXIT}, false)", "nothing"),
    ),
    SETTINGS: (
        Check("MS241", _PLACED, is_no_date(_PLACED, "yyyymmdd", may_be_blank=False), "line"),
        *map(_code, (_SETTING, _HOME, _WHERE)),
        _clash(_WHERE, _differ(_IS_ABSENT, _is(_WHERE, 4))),
        _clash(_HOME, f"{_is(_HOME, 1)} AND {_is_filled(_SETTING)}"),
        _order(_PLACED, "removed", "placed"),
        _order(_PLACED, "placed", "left_care"),
        _late(_PLACED, "placed"),
    ),
}
"""By the part that a line is of."""
