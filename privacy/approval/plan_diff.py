"""What changed from one plan to the next, in sentences for the officer.

Compares the texts that were hashed and signed. Does not belong here: comparing two policies
(privacy.policy.diff).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

Content = Mapping[str, Any]

_WHOLE = {
    "policy_version": "The policy is version {new}; it was {old}.",
    "unit": "The unit of protection is worded differently.",
    "delta": "delta is {new}; it was {old}.",
    "rules_hash": "Release input is made by other rules than before.",
    "signers": "{new} officers must sign; it was {old}.",
    "modelled": "Modelled values are released: {new}; it was {old}.",
    "synthetic": "Synthetic records are released: {new}; it was {old}.",
}
_FRAME = {
    "kind": "{name} is read as {new}; it was {old}.",
    "counting": "{name} counts by {new}; it was {old}.",
    "quarters": "{name} can count one identity {new} times; it was {old}.",
    "places": "The records that may take one child in {name} are now {new}.",
    "bound": "One identity can move {name} by {new}; it was {old}.",
}


def compare_plans(old: Content, new: Content) -> tuple[str, ...]:
    """Return what is different in the new plan, from the whole to the tables; () if nothing is."""
    return (
        *_compare_fields(_WHOLE, old, new, ""),
        *_compare_amounts("The budget of {name} tables", old["budget"], new["budget"]),
        *_compare_amounts("The cap of {name}", old["caps"], new["caps"]),
        *_compare_public(old.get("public", {}), new["public"]),  # not before version 9
        *_compare_frames(_by_name(old["frames"]), _by_name(new["frames"])),
        *_compare_tables(_by_name(old["tables"]), _by_name(new["tables"])),
    )


def _compare_fields(
    sentences: Mapping[str, str], old: Content, new: Content, name: str
) -> Iterator[str]:
    for field, sentence in sentences.items():
        before, after = old.get(field), new.get(field)  # an older plan may not say it
        if before != after:
            yield sentence.format(name=name, old=_say(before), new=_say(after))


def _compare_amounts(words: str, old: Content, new: Content) -> Iterator[str]:
    for name in new:
        before, after = Fraction(old[name]), Fraction(new[name])
        if before != after:
            yield f"{words.format(name=_name(name))} is rho {_rho(after)}; it was {_rho(before)}."


def _compare_public(old: Content, new: Content) -> Iterator[str]:
    for agency in sorted(old.keys() - new.keys()):
        yield f"No totals of {agency} are declared public."
    for agency in (one for one in new if new[one] != old.get(one)):
        contract = new[agency]["contract"]
        yield f"Totals of {agency} are declared public: by {contract} they pass without noise."


def _compare_frames(old: Mapping[str, Content], new: Mapping[str, Content]) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"{_name(name)} is not measured ({old[name]['cadence']})."
    for name in sorted(new.keys() - old.keys()):
        frame = new[name]
        cost = _rho(Fraction(frame["rho"]))
        yield f"{_name(name)} is measured now ({frame['cadence']}), at rho {cost}."
    for name in (name for name in new if name in old):
        yield from _compare_fields(_FRAME, old[name], new[name], _name(name))
        yield from _compare_amounts(
            f"The cost of {_name(name)}", {"": old[name]["rho"]}, {"": new[name]["rho"]}
        )
        before, after = _say_total(old[name]), _say_total(new[name])
        if before != after:
            yield f"{_name(name)} {after}; before, it {before}."
        if _list_sigmas(old[name]) != _list_sigmas(new[name]):
            yield f"{_name(name)} is measured with other tables or other noise."


def _compare_tables(old: Mapping[str, Content], new: Mapping[str, Content]) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"The table {_name(name)} is not released."
    for name in sorted(new.keys() - old.keys()):
        is_told = "is released now" if "withheld" not in new[name] else "is new, and not released"
        yield f"The table {_name(name)} {is_told}."
    for name in (name for name in new if name in old and new[name] != old[name]):
        yield f"The table {_name(name)} has another level, dimension, frame or measure."


def _by_name(listed: list[Content]) -> dict[str, Content]:
    return {str(one["name"]): one for one in listed}


def _list_sigmas(frame: Content) -> dict[str, str]:
    return {measured["name"]: measured["sigma"] for measured in frame["measurements"]}


def _say_total(frame: Content) -> str:
    same = frame.get("same_rows")  # not in plans of policies before version 6
    if same is None:
        return "has a total of its own"
    cells = ", ".join(map(_name, same["cells"]))
    return f"shares the total of {_name(same['frame'])} ({cells})"


def _name(name: str) -> str:
    return name.replace("_", " ")


def _rho(value: Fraction) -> str:
    return f"{float(value):.6g}"


def _say(value: object) -> object:
    words = {True: "yes", False: "no", None: "any number of"}
    return words[value] if value is None or isinstance(value, bool) else value
