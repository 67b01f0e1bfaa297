"""The form of the policy file: every section, every field, and what each of them says.

The one place that the reader (privacy.policy.reading) and the JSON Schema (privacy.policy.schema)
are made from. Does not belong here: rules between fields (privacy.policy.policy).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from privacy.engine.frames import AGGREGATE, LINKED, ROWS
from privacy.released import ACTIVITY, ANNUAL, COHORT, QUARTERLY

TEXT = "text"
NAME = "name"
TEXTS = "list of texts"
WHOLE = "whole number"
DECIMAL = "decimal written as text"
DATE = "date"
FLAG = "true or false"
SECTION = "section"
SECTIONS = "named sections"
LIST = "list of sections"

NAME_PATTERN = r"[a-z][a-z0-9_]*"
DECIMAL_PATTERN = r"\d+\.\d+"


@dataclass(frozen=True)
class Field:
    """One field: its kind, what it says, whether it may be left out, and what it may hold.

    `form` names the form of the sections in it; `may_be_empty` holds for lists.
    """

    kind: str
    says: str
    is_optional: bool = False
    may_be_empty: bool = False
    choices: tuple[str, ...] = ()
    form: str = ""


FORM: Mapping[str, Mapping[str, Field]] = {
    "policy": {
        "version": Field(WHOLE, "Number of the policy; a changed policy has a higher one."),
        "reviewed_on": Field(DATE, "Day of the last review."),
        "first_day_of_record": Field(
            DATE,
            "First day of the first quarter on record; what happened before it is in no table.",
        ),
        "delta": Field(DECIMAL, "Delta at which epsilon is told; below 1."),
        "unit": Field(TEXT, "Who is protected, as a sentence about neighbours."),
        "signers": Field(WHOLE, "How many officers must sign a plan."),
        "unprotected": Field(TEXTS, "What the guarantee does not cover."),
        "not_awaited": Field(
            TEXTS,
            "Agencies whose records are counted, and for which no quarter waits: a release may say "
            "that they delivered nothing.",
            is_optional=True,
        ),
        "budget": Field(SECTION, "What is spent.", form="budget"),
        "caps": Field(SECTION, "The most that one identity may ever lose.", form="caps"),
        "modelled": Field(SECTION, "The modelled columns.", form="switch"),
        "synthetic": Field(SECTION, "The synthetic records.", form="switch"),
        "geographies": Field(SECTIONS, "Trees of units.", form="geography"),
        "levels": Field(SECTIONS, "Levels of the geographies.", form="level"),
        "dimensions": Field(SECTIONS, "Dimensions besides geography.", form="dimension"),
        "frames": Field(SECTIONS, "What is read.", form="frame"),
        "public": Field(
            SECTIONS,
            "Declared public quantities, by the agency that delivers them: they pass as delivered.",
            is_optional=True,
            form="public",
        ),
        "tables": Field(LIST, "What is published, in this order.", form="table"),
    },
    "budget": {
        "quarterly": Field(DECIMAL, "Rho that the quarterly tables of a quarter cost at most."),
        "annual": Field(DECIMAL, "Rho that the annual tables of a year cost at most."),
    },
    "caps": {
        "quarter": Field(DECIMAL, "Most rho from the quarterly tables of one quarter."),
        "annual": Field(DECIMAL, "Most rho from the annual tables of one year."),
        "year": Field(DECIMAL, "Most rho in one calendar year, its annual tables too."),
        "three_years": Field(DECIMAL, "Most rho in any twelve quarters in a row."),
        "lifetime": Field(DECIMAL, "Most rho ever."),
    },
    "switch": {"enabled": Field(FLAG, "Whether releases carry them.")},
    "geography": {"levels": Field(TEXTS, "Names of levels, the top first.")},
    "level": {"title": Field(TEXT, "Words shown to people.")},
    "dimension": {
        "title": Field(TEXT, "Words shown to people."),
        "published": Field(
            LIST,
            "Published keys, where they are not those measured.",
            is_optional=True,
            form="published",
        ),
    },
    "published": {
        "key": Field(TEXT, "The published key."),
        "label": Field(TEXT, "Words shown to people."),
        "cells": Field(TEXTS, "Listed keys that it sums."),
    },
    "frame": {
        "kind": Field(TEXT, "How its counts come about.", choices=(ROWS, AGGREGATE, LINKED)),
        "counting": Field(
            TEXT,
            "Cohort: an identity is counted once ever. Activity: whenever something happens.",
            choices=(COHORT, ACTIVITY),
        ),
        "cadence": Field(TEXT, "How often it is read.", choices=(QUARTERLY, ANNUAL)),
        "geography": Field(TEXT, "Which tree its units belong to."),
        "levels": Field(TEXTS, "Levels of that tree from the top to the one at which it is read."),
        "columns": Field(TEXTS, "Its dimensions.", may_be_empty=True),
        "bound": Field(WHOLE, "How many rows or counts one identity adds.", is_optional=True),
        "bound_squared": Field(
            WHOLE, "Linked frames: squared distance of neighbours.", is_optional=True
        ),
        "places": Field(
            WHOLE,
            "Linked frames of records: how many of them may ever take one child.",
            is_optional=True,
        ),
        "quarters": Field(
            WHOLE,
            "Activity: in how many quarters one identity can be counted, if limited.",
            is_optional=True,
        ),
        "sums": Field(
            NAME,
            "Annual cohorts: the quarterly frame whose rows of the year they are.",
            is_optional=True,
        ),
        "same_rows": Field(
            SECTION,
            "Linked frames: the frame whose rows some of its cells are.",
            is_optional=True,
            form="same_rows",
        ),
        "reason": Field(TEXT, "Why the bound holds."),
    },
    "same_rows": {
        "frame": Field(NAME, "The frame of rows, which stands before this one."),
        "cells": Field(TEXTS, "Listed keys of the cells that are its rows, and no others."),
        "test": Field(NAME, "The dbt test that stops a release where this is not so."),
    },
    "public": {
        "contract": Field(TEXT, "The contract by which the agency delivers its totals."),
        "reason": Field(TEXT, "Why they are public without this release."),
    },
    "table": {
        "name": Field(NAME, "Name of the table and of its files."),
        "title": Field(TEXT, "Title, which names the unit."),
        "unit": Field(TEXT, "What is counted."),
        "sources": Field(TEXTS, "Agencies whose records are counted.", may_be_empty=True),
        "frame": Field(TEXT, "Frame it is made from.", is_optional=True),
        "public": Field(
            NAME,
            "Declared public: the measure of its agency's totals that it shows.",
            is_optional=True,
        ),
        "level": Field(TEXT, "Level of its units."),
        "dimensions": Field(TEXTS, "Its dimensions besides geography.", may_be_empty=True),
        "weight": Field(WHOLE, "Importance of its error; 1 if left out.", is_optional=True),
        "definition": Field(TEXT, "What is counted, in sentences."),
        "collected": Field(FLAG, "False where no source collects it.", is_optional=True),
        "withheld": Field(
            TEXT,
            "Why it is not released, in sentences. A frame that only such tables use is switched "
            "off: nothing is read or measured of it, and it costs nothing.",
            is_optional=True,
        ),
    },
}
"""Fields of each section by name; the whole file has the form `policy`."""
