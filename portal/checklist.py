"""The disclosure checklist of a plan: what an officer should ask, answered from the plan's facts.

The questions follow the levels of NIST SP 800-226 (guarantee, algorithm, usefulness, surroundings)
in our own words. Here: questions, answers, and where the answer is shown. Not here: the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.wording import say_epsilon
from privacy.released import COHORT
from privacy.shown import ShownPlan


@dataclass(frozen=True)
class Item:
    """One question, its answer, and the anchor and name of the place that shows it."""

    question: str
    answer: str
    anchor: str
    place: str


@dataclass(frozen=True)
class Group:
    """The questions of one level."""

    title: str
    items: tuple[Item, ...]


_BUDGETS = ("budgets", "Three budgets")
_PERIODS = ("spending", "Budget")
_BOUNDS = ("bounds", "How far one identity can move the tables")
_GUARANTEE = ("guarantee", "Guarantee")
_ACCURACY = ("accuracy", "Accuracy")
_PUBLIC = ("public", "What is not protected")
_TABLES = ("tables", "What would be published")
_SIGNING = ("signing", "How to sign")
_DOCS = ("", "docs/privacy.md")
_OPERATING = ("", "docs/operating.md")


def fill_checklist(review: ShownPlan) -> tuple[Group, ...]:
    """Answer every question for one plan."""
    return (
        Group("Guarantee", _ask_guarantee(review)),
        Group("Algorithm", _ask_algorithm(review)),
        Group("Usefulness and bias", _ask_usefulness(review)),
        Group("Surroundings", _ask_surroundings(review)),
    )


def _ask_guarantee(review: ShownPlan) -> tuple[Item, ...]:
    proposed, last = review.choices[1], review.groups[-1]
    tightest = max(review.periods, key=lambda one: one.after / one.cap)
    return (
        Item(
            "Which variant of differential privacy is promised, and at what strength?",
            f"Zero-concentrated, rho {float(proposed.rho):.6g}. At delta "
            f"{_say_small(review.delta)}: {say_epsilon(proposed.epsilon, proposed.composed)}.",
            *_BUDGETS,
        ),
        Item(
            "What does that strength mean for one child?",
            "An attacker who is wrong about 1 in 100 children who are not in the records finds "
            f"{100 * proposed.power:.1f} in 100 of those who are; a guess finds 1.",
            *_GUARANTEE,
        ),
        Item("Whose data are protected as one?", review.unit, *_GUARANTEE),
        Item(
            "Can one person be several of these units?",
            "Yes, where records are not recognised as one child's. The cost grows with the square: "
            f"rho {float(last.rho):.6g} for {last.size} identities.",
            *_GUARANTEE,
        ),
        Item(
            "How does the loss add up over releases?",
            "By a worst case over every way in which one identity can appear, for five periods. "
            f"Nearest to its cap after this plan: {tightest.name}, "
            f"{100 * float(tightest.after / tightest.cap):.0f} % used.",
            *_PERIODS,
        ),
        Item(
            "What happens when a budget is used up?",
            "The plan is refused before any record is read. "
            + (review.problem or "This plan stays under every cap."),
            *_PERIODS,
        ),
    )


def _ask_algorithm(review: ShownPlan) -> tuple[Item, ...]:
    versions = ", ".join(f"{name} {version}" for name, version in review.versions)
    kinds = {kind: sum(one.kind == kind for one in review.frames) for kind in _PROOFS}
    proofs = "; ".join(_PROOFS[kind].format(count=count) for kind, count in kinds.items() if count)
    public = sum(len(one.titles) for one in review.declared)
    silent = sum(bool(one.silence) for one in review.tables) - public
    return (
        Item(
            "Which mechanism adds the noise, and whose code is it?",
            f"Discrete Gaussian noise on every cell, by {versions}; one file may call it, and no "
            "other randomness is used.",
            *_DOCS,
        ),
        Item(
            "How far can one unit move each table, and what proves it?",
            f"{proofs}.",
            *_BOUNDS,
        ),
        Item(
            "Are rounding and the limits of computer numbers accounted for?",
            "Counts and noise are whole numbers, costs are exact fractions, no scale is below 1, "
            "and what is charged is the library's own proof of the whole composition.",
            *_DOCS,
        ),
        Item(
            "Does any choice depend on the confidential data?",
            "No. The split of the budget, the keys, the cut-offs and the rows shown come from the "
            "policy and public lists; every cell of a list is measured.",
            *_DOCS,
        ),
        Item(
            "Is anything released without noise?",
            f"{len(review.unprotected)} things are public by decision. Tables declared "
            f"public: {public}. Tables that say only why they hold no number: {silent}.",
            *_PUBLIC,
        ),
        Item(
            "What happens to the numbers after the noise?",
            "Only arithmetic on the noisy numbers: least squares, whole counts, status words"
            f"{_say_extras(review)}. The noisy numbers are published as drawn.",
            *_DOCS,
        ),
    )


_PROOFS = {
    "rows": "{count} sets of tables of rows, whose bound the library proves itself",
    "aggregate": "{count} of totals, whose bound rests on the promise of the agency's contract",
    "linked": "{count} of linked records, whose bound rests on the rule of linkage and its tests",
}


def _say_extras(review: ShownPlan) -> str:
    extras = [
        words
        for is_on, words in (
            (review.is_modelled, "modelled values beside them"),
            (review.is_synthetic, "synthetic records"),
        )
        if is_on
    ]
    return "".join(f", {words}" for words in extras)


def _ask_usefulness(review: ShownPlan) -> tuple[Item, ...]:
    margins = [one.moe90[1] for one in review.tables if not one.silence]
    compared = [one for one in review.tables if one.usable]
    usable, cells = sum(one.usable[1] for one in compared), sum(one.cells for one in compared)
    cohorts = sum(one.counting == COHORT for one in review.frames)
    return (
        Item(
            "How accurate will it be?",
            f"Known before anything is drawn: 90 % margins from {min(margins):g} to "
            f"{max(margins):g}, table by table.",
            *_ACCURACY,
        ),
        Item(
            "Will it be accurate enough to use?",
            f"Judged by what was released last, {usable} of {cells} cells would have a margin of "
            "at most half their number."
            if compared
            else "Nothing was released yet that it could be judged by; see the rehearsal.",
            *_ACCURACY,
        ),
        Item(
            "Does the processing lean one way?",
            "The estimate is right on average. The whole count beside it is never negative and "
            "adds up, and for that leans up where there are none and down where there are few.",
            *_DOCS,
        ),
        Item(
            "Who could be served worse by the error?",
            "Small places and small groups: the margin is as wide for them as for large ones. Rows "
            "that cannot be told from zero say so, and missed links make overlaps too low.",
            *_ACCURACY,
        ),
        Item(
            "Is the same child counted as seldom as the purpose allows?",
            f"{cohorts} of {len(review.frames)} sets of tables count a child once ever; the others "
            "say in how many periods one identity can be counted.",
            *_BOUNDS,
        ),
    )


def _ask_surroundings(review: ShownPlan) -> tuple[Item, ...]:
    return (
        Item(
            "Who must be trusted with the records?",
            "The hub, which holds them in its vault, and each agency with its own. Readers of the "
            "release need not be trusted at all.",
            *_OPERATING,
        ),
        Item(
            "Can anybody ask questions of the records?",
            "No. A release is a fixed set of tables; one program opens the door to the records, "
            f"after {review.signers} signature{'' if review.signers == 1 else 's'} of this plan.",
            *_SIGNING,
        ),
        Item(
            "Can noise be drawn twice, and averaged away?",
            "No. The budget is charged and the draw marked before it happens; asked again, the "
            "same release comes back. A draw that was lost is never repeated.",
            *_PERIODS,
        ),
        Item(
            "Can running times, file sizes or messages give something away?",
            "Rows and their order are fixed by public lists, so sizes are too; no message, log or "
            "check carries a value of a record. Running times are not published.",
            *_DOCS,
        ),
        Item(
            "How are the records guarded, and how long are they kept?",
            "The vault is open to the hub's service account alone. The policy sets no period after "
            "which records are removed: that is for the agencies' contracts.",
            *_OPERATING,
        ),
        Item(
            "How was the guarantee tested?",
            "By tests that run on every change: neighbours that differ by one identity, attacks "
            "under their bound, the law of the noise, coverage of the margins, and a crash at "
            "every step.",
            *_DOCS,
        ),
    )


def _say_small(number: float) -> str:
    return f"{number:.12f}".rstrip("0")
