"""SQL conditions that are true where a field is not what its layout says.

Belongs here: forms that several formats share (code lists, dates, numbers). Does not belong here:
which field has which form.
"""

from collections.abc import Iterable, Mapping, Sequence

from sources.layout import CodeDates
from sources.workbench import quote

_DATE_FORMS = {
    "mmddyyyy": ("[0-9]{4}(19|20)[0-9]{2}", "%m%d%Y"),
    "yyyymmdd": ("(19|20)[0-9]{6}", "%Y%m%d"),
}


def is_blank(field: str) -> str:
    """True where a field holds nothing but blanks.

    `trim` looks at every character, and `ltrim` at none after the first that is no blank.
    """
    return f"ltrim({field}) = ''"


def is_not_listed(field: str, values: Iterable[str], *, may_be_blank: bool) -> str:
    """True where a field is none of the values, which are given in full width.

    A cast to ENUM looks a value up; a long IN compares with each of its values, or is a join.
    """
    allowed = ", ".join(map(quote, sorted(set(values))))
    unlisted = f"try_cast({field} AS ENUM ({allowed})) IS NULL"
    return f"(NOT {is_blank(field)} AND {unlisted})" if may_be_blank else f"({unlisted})"


def is_no_date(field: str, form: str, *, may_be_blank: bool) -> str:
    """True where a field is no calendar date of 1900 to 2099 in the form mmddyyyy or yyyymmdd."""
    digits, pattern = _DATE_FORMS[form]
    unreal = (
        f"NOT regexp_full_match({field}, {quote(digits)}) "
        f"OR try_strptime({field}, {quote(pattern)}) IS NULL"
    )
    return f"(({unreal}) AND NOT {is_blank(field)})" if may_be_blank else f"({unreal})"


def is_not_numeric(field: str, *, may_be_blank: bool) -> str:
    """True where a field has a character that is not a digit."""
    other = f"NOT regexp_full_match({field}, '[0-9]*')"
    return f"({other} AND NOT {is_blank(field)})" if may_be_blank else f"({other})"


def is_out_of_use(fields: Sequence[str], dates: Mapping[str, CodeDates], year: str) -> str:
    """True where a code in one of the fields was in use on no day of a year.

    It is "" where no code has dates.
    """
    bounds: dict[tuple[str, str], list[str]] = {}
    for code, use in dates.items():
        if use != CodeDates():
            bounds.setdefault((f"{use.first:%Y}", f"{use.last:%Y}"), []).append(quote(code))
    cases = []
    for (first, last), codes in sorted(bounds.items()):
        listed = ", ".join(codes)
        found = " OR ".join(f"list_contains([{listed}], {field})" for field in fields)
        cases.append(f"({year} NOT BETWEEN '{first}' AND '{last}' AND ({found}))")
    return f"({' OR '.join(cases)})" if cases else ""
