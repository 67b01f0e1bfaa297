"""From the conditions of the FBI's rules to SQL.

Belongs here: groups of codes, fields with several places, and the functions that conditions call.
Does not belong here: any rule.

A condition is SQL over trimmed fields with these additions; # stands for the place of a field:

* `IN $group`, `NOT IN $group`: of a code; a blank place is neither in a group of codes nor not;
* `HAS $group`, `LACKS $group`, `ONLY $group`: of a set of offences or of things;
* `ANY(condition#)`, `SOME(condition#)`: whether, and in how many places, it is true;
* `GIVEN(field#)`, `COUNT(field#)`: whether, and how many, places are filled;
* `REPEATS(field#)`, `MIXES(field#, codes)`: a code twice, or a code that stands alone with another.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import duckdb

from sources.layout import RecordLayout, load_nibrs_codes
from sources.workbench import quote

_CALL = re.compile(r"\b(ANY|SOME|GIVEN|COUNT|REPEATS|MIXES)\(")
_GROUP = re.compile(r"(\w+) (IN|NOT IN|HAS|LACKS|ONLY) \$(\w+|\([^)]*\))")
_PLACE = re.compile(r"\b(\w+_)#")
_NAME = re.compile(r"\b[a-z][a-z0-9_]*\b")


@cache
def load_groups() -> Mapping[str, Mapping[str, str]]:
    """Kind of group -> name -> codes with blanks between them."""
    text = (files("sources") / "layouts" / "nibrs_groups.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def number_offences() -> Mapping[str, int]:
    """Each offence code with its place in a set of offences, which is a number of bits."""
    return {code: place for place, code in enumerate(sorted(load_nibrs_codes()["OffenseCode"]))}


def bits_of_offences(codes: Sequence[str]) -> int:
    """A set of offences."""
    return sum(1 << number_offences()[code] for code in set(codes))


def bits_of_things(codes: Sequence[str]) -> int:
    """A set of kinds of property, whose codes are the numbers of their bits."""
    return sum(1 << int(code) for code in set(codes))


def write_condition(fails: str, layout: RecordLayout | None) -> str:
    """SQL for a condition over the fields of a layout; None for one over facts alone."""
    return _GROUP.sub(_write_group, _expand(fails, layout))


def list_names(condition: str) -> frozenset[str]:
    """Every lower-case word of a condition: fields, facts and functions."""
    return frozenset(_NAME.findall(re.sub(r"'[^']*'", "", condition)))


def _write_group(match: re.Match[str]) -> str:
    value, verb, name = match.groups()
    kind, codes = _find_group(name)
    if verb.endswith("IN"):
        is_denied = verb.startswith("NOT")
        blank = [""] if is_denied and kind != "offences" else []
        listed = ", ".join(map(quote, [*codes, *blank]))
        return f"{'NOT ' if is_denied else ''}list_contains([{listed}], {value})"
    bits = (bits_of_things if kind == "things" else bits_of_offences)(codes)
    if verb == "ONLY":
        return f"(({value} & {bits}) = {value})"
    return f"(({value} & {bits}) {'<>' if verb == 'HAS' else '='} 0)"


def _find_group(name: str) -> tuple[str, list[str]]:
    if name.startswith("("):
        return "offences", name.strip("()").split()
    for kind in ("offences", "codes", "things"):
        if name in load_groups()[kind]:
            return kind, load_groups()[kind][name].split()
    raise KeyError(name)


def _expand(text: str, layout: RecordLayout | None) -> str:
    """Replace every call, the inner ones first."""
    found = _CALL.search(text)
    if not found or layout is None:
        return text
    end = _find_end(text, found.end())
    inner = _expand(text[found.end() : end], layout)
    written = _CALLS[found[1]](inner, layout)
    return f"{text[: found.start()]}({written}){_expand(text[end + 1 :], layout)}"


def _find_end(text: str, start: int) -> int:
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place
    raise ValueError(f"a bracket of {text} is not closed")


def _spell_places(text: str, layout: RecordLayout) -> list[str]:
    stem = _PLACE.search(text)
    if not stem:
        raise ValueError(f"{text} has no field with several places")
    names = {field.name for field in layout.fields}
    count = sum(re.fullmatch(rf"{stem[1]}\d+", name) is not None for name in names)
    return [text.replace("_#", f"_{place}") for place in range(1, count + 1)]


def _write_any(text: str, layout: RecordLayout) -> str:
    return " OR ".join(f"({place})" for place in _spell_places(text, layout))


def _write_some(text: str, layout: RecordLayout) -> str:
    return " + ".join(f"({place})::INTEGER" for place in _spell_places(text, layout))


def _write_given(text: str, layout: RecordLayout) -> str:
    return " OR ".join(f"{place} <> ''" for place in _spell_places(text, layout))


def _write_count(text: str, layout: RecordLayout) -> str:
    return _write_some(f"{text} <> ''", layout)


def _write_repeats(text: str, layout: RecordLayout) -> str:
    places = ", ".join(f"nullif({place}, '')" for place in _spell_places(text, layout))
    return f"list_unique([{places}]) < list_count([{places}])"


def _write_mixes(text: str, layout: RecordLayout) -> str:
    field, _, codes = text.partition(",")
    return (
        f"({_write_count(field, layout)}) > 1 AND ({_write_any(f'{field} IN ({codes})', layout)})"
    )


_CALLS: Mapping[str, Callable[[str, RecordLayout], str]] = {
    "ANY": _write_any,
    "SOME": _write_some,
    "GIVEN": _write_given,
    "COUNT": _write_count,
    "REPEATS": _write_repeats,
    "MIXES": _write_mixes,
}


def create_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the functions that conditions call."""
    for head, body in {**_FUNCTIONS, **_write_property_functions()}.items():
        connection.execute(f"CREATE OR REPLACE MACRO {head} AS {body}")


def _write_property_functions() -> dict[str, str]:
    """Which offences can lose property in which way, and which property fits no offence."""
    groups = load_groups()
    needing = groups["offences"]["needing"].split()
    named = {code for codes in groups["losses"] for code in codes.split()}
    losses = {**groups["losses"], " ".join(sorted(set(needing) - named)): "1 2 3 4 5 6 7 8"}
    completed = {
        loss: bits_of_offences([o for os, ls in losses.items() if loss in ls for o in os.split()])
        for loss in "12345678"
    }
    attempted = {loss: bits_of_offences(needing) if loss in "18" else 0 for loss in "12345678"}
    unmet = " OR ".join(
        f"((completed & {bits_of_offences(codes.split())}) <> 0 AND (losses & "
        f"{sum(1 << int(loss) for loss in kinds.split())}) = 0)"
        for codes, kinds in losses.items()
    )
    unused = " OR ".join(
        f"((losses & {1 << int(loss)}) <> 0 AND (completed & {completed[loss]}) = 0 "
        f"AND (attempted & {attempted[loss]}) = 0)"
        for loss in "12345678"
    )
    losing = " ".join(
        f"WHEN {quote(loss)} THEN (completed & {completed[loss]}) | (attempted & {attempted[loss]})"
        for loss in "12345678"
    )
    unfit = " OR ".join(
        f"((things & {bits_of_things(groups['things'][kind].split())}) <> 0 "
        f"AND (losing & {bits_of_offences(offences.split())}) = losing)"
        for kind, offences in groups["unfit"].items()
    )
    return {
        "is_unmet(completed, losses)": f"({unmet})",
        "is_unused(losses, completed, attempted)": f"({unused})",
        "losing_offences(loss, completed, attempted)": f"CASE loss {losing} ELSE 0::HUGEINT END",
        "is_unfit(things, losing)": f"(losing = 0 OR {unfit})",
        "kind_of_measure(measure)": "CASE "
        + " ".join(
            f"WHEN list_contains([{', '.join(map(quote, codes.split()))}], measure) "
            f"THEN {quote(kind)}"
            for kind, codes in groups["measures"].items()
        )
        + " ELSE '' END",
    }


_FUNCTIONS = {
    "is_digits(field)": "translate(field, '0123456789', '') = ''",
    "is_day(field)": "(length(field) = 8 AND try_strptime(field, '%Y%m%d') IS NOT NULL)",
    "is_key(field)": "regexp_full_match(trim(field), '[A-Z0-9-]*')",
    "lowest_age(age)": "CASE WHEN list_contains(['NN', 'NB', 'BB'], age) THEN 0 "
    "WHEN age = '00' THEN NULL ELSE try_cast(substr(age, 1, 2) AS INTEGER) END",
    "highest_age(age)": "CASE WHEN list_contains(['NN', 'NB', 'BB'], age) THEN 0 "
    "WHEN age = '00' THEN NULL WHEN length(age) = 4 THEN try_cast(substr(age, 3, 2) AS INTEGER) "
    "ELSE try_cast(substr(age, 1, 2) AS INTEGER) END",
}
