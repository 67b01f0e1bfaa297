"""Sentences of the page that are the same in every release.

Here: text as data. Not here: what to beware of in a table or a column (``portal.codebook``), and
sentences made from facts of a release (``privacy_words``, ``figures``).
"""

from __future__ import annotations

from jurisdiction.state import read_state
from portal.codebook import BLOCKS, STRICT_BROAD
from privacy.released import (
    DECLARED_PUBLIC,
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DELIVERED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
)

_STATE = read_state()
TITLE = f"Child trafficking in {_STATE.name}: quarterly counts"
PART_TITLE = "Child trafficking in {state}: counts by place"
"""Title of the page of one state, where places lie in several."""
SUMMARY = (
    f"What {_STATE.recorded_by} recorded, as counts with their margin of error. Nobody gets a list "
    "of children. Everybody gets the number."
)
HEADLINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (BLOCKS["reports"], ("reports", "children_reported")),
    (BLOCKS["hotline"], ("hotline_cases", "hotline_children")),
    ("Incidents known to police", ("incidents_known_to_police",)),
    (BLOCKS["arrests"], ("arrests",)),
    (BLOCKS["prosecutions"], ("prosecutions", "dispositions", "convictions")),
)
"""The five things the law names, and the tables that answer each."""

CRACKS: tuple[str, ...] = ("children_by_agency", "report_lag")
"""The tables about children whom one agency knows and another does not, or late."""

UNREPORTED: tuple[tuple[str, str], ...] = (
    ("children_by_agency", "mshp_only"),
    ("report_lag", "none_found"),
)
"""The rows of them that stand in front: table, and key of its first dimension."""

STATUS_WORDS: tuple[tuple[str, str], ...] = (
    (ESTIMATED, "Shown as a number, such as “about 24”, with its likely range."),
    (
        NOT_DISTINGUISHABLE,
        "The number is so small beside the noise that there may be none at all. It is not a zero.",
    ),
    (NOT_RELEASED, "There may be records, and no number about them leaves."),
    (
        DECLARED_PUBLIC,
        (
            "The number is public without this release. It stands as it was delivered: without "
            "noise, without a range, and outside the privacy guarantee."
        ),
    ),
    (NOT_DELIVERED, "The body that collects it gave none for this quarter, which is not zero."),
    (NOT_COLLECTED, "No body that delivers to MoShare collects it, which is not zero."),
)

_CROSSWALK: tuple[tuple[str, str, str], ...] = (
    (
        "Report",
        (
            f"One report to Children's Division under {_STATE.law.of_a_report} that names a child "
            "with a sex trafficking allegation."
        ),
        "A finding. A report is a suspicion, and one child may be in several reports.",
    ),
    (
        "Child",
        "A person under 18 on the date of the event.",
        "A victim record or a report. Only Children's Division can tell children apart.",
    ),
    (
        "Case (hotline)",
        "What the hotline opens when calls, texts or messages tell of one situation.",
        "A signal, or a child: a case may hold several children.",
    ),
    (
        "Signal (hotline)",
        "One call, text, chat, e-mail or web form that reaches the hotline.",
        "A case. Signals are not counted in any table here.",
    ),
    (
        "Incident (police)",
        "One event in a police file (NIBRS) with a victim under 18.",
        (
            "A report to Children's Division, an arrest, or one child: an incident may have "
            "several victims."
        ),
    ),
    (
        "Victim record (police)",
        "One victim under 18 in one incident.",
        "A child: the file has no person number, so a child may be in several records.",
    ),
    ("Strict and broad", STRICT_BROAD, "Two numbers to add: broad contains strict."),
    (
        "Arrest",
        "One arrest for offence 64A or 64B, the victim of any age.",
        "A conviction or a prosecution.",
    ),
    (
        "Case (courts)",
        "A case of an open court with a trafficking charge, of a victim of any age.",
        "An arrest, or a sealed case or one of a juvenile court, which are counted nowhere.",
    ),
    (
        "Known to both",
        "A child of Children's Division and a police record whose keyed tokens agree.",
        "Every overlap: a name written too differently in two files is missed.",
    ),
)
CROSSWALK = tuple(
    (word, _STATE.say(means), _STATE.say(is_not)) for word, means, is_not in _CROSSWALK
)
"""Word, what it means in this release, and what it is not."""

COUNTIES_APART = _STATE.say(
    "The City of St. Louis is not part of St. Louis County: each has its own number."
)
"""What is to be known of two counties of one name; "" where there are none."""

POLICE_AGENCIES = "Police agencies"
POLICE_REPORT = _STATE.say(
    "{reporting} of {listed} police agencies report: by the Patrol's own list they reported for "
    "every month of the quarter, if only that there was nothing. What the others know is in no "
    "number of the police here."
)
"""How many police agencies report, in the whole state."""

REVISIONS: tuple[str, ...] = (
    (
        "A release is never edited. Its files stay as they were signed, and asking for it again "
        "gives the same numbers."
    ),
    (
        "A quarter that has been released is not drawn again: a second draw would spend privacy "
        "twice and let the two be compared. Records that come late are counted where the "
        "definition of their table says, and never change a release."
    ),
    (
        "Where a body corrects totals that are declared public, the releases before keep what they "
        "said, and the next one has the corrected number of that quarter beside its own."
    ),
    (
        "If an error of the software or of a definition is found, it is told in CHANGES.md of the "
        "next release, and the release with the error stays where it is."
    ),
)
"""What becomes of corrections."""
