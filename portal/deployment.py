"""What a release says of itself to a public register of deployments of differential privacy.

Fields and their choices are those of the register that OpenDP keeps with NIST (its repository
deployments-registry-data, schemas/deployments-schema.yaml at commit 057e5d81), at tier 3; the
register's newest record then (commit 90c17e5b, September 2026) has them in the same places.
Here: the text of each field, made from what the release carries. Not here: writing the file
(``files``), and registering it, which a person does.
"""

from __future__ import annotations

from typing import Any

from jurisdiction.state import read_state
from portal.wording import name_signer, say_ahead, say_epsilon
from privacy.released import ANNUAL, COHORT, GroupFacts, PrivacyFacts, Release

_STATE = read_state()
NAME = f"MoShare: child trafficking in {_STATE.name}, quarterly counts"
_KNOWN_PERIODS = {
    "quarter": "the quarterly tables of a quarter",
    "annual": "the annual tables of a year",
    "year": "all tables of a calendar year",
    "three_years": "any twelve quarters in a row",
    "lifetime": "a lifetime",
}


def describe_deployment(release: Release) -> dict[str, Any]:
    """Return the content of deployment.json; the same release always gives the same content."""
    return {
        "url_slug": f"moshare-{release.release_id.lower()}",
        "deployment": {
            "basic": _describe_product(release),
            "dp_variant": _describe_variant(release),
            "privacy_loss": _describe_loss(release.privacy),
            "deployment_model": _describe_model(release),
            "implementation": _describe_implementation(release),
            "administrative": {
                "status": "Draft",
                "registry_authors": ["MoShare, generated from the release"],
                "tier": 3,
            },
        },
    }


def _describe_product(release: Release) -> dict[str, Any]:
    simulated = "Simulated data, about no real child. " if release.provenance.is_simulated else ""
    return {
        "name": f"{NAME}, {release.release_id}",
        "data_curators": [{"data_curator_name": "MoShare", "data_curator_type": "Government"}],
        "description": (
            f"{simulated}{len(release.tables)} tables of what {_STATE.recorded_by} recorded of "
            "child trafficking: estimates with their margin of error, whole counts that add up, "
            "and the noisy measurements that both are made from."
        ),
        "intended_use": (
            f"Reports that {_STATE.law.asks_for_numbers} asks for, and planning and research by "
            "the agencies that deliver and by the public."
        ),
        "data_product_type": "Summary statistics",
        "data_product_region": f"{_STATE.name}, United States",
        "data_product_sector": "Government",
        "publication_date": release.drawn_at[:10],
    }


def _describe_variant(release: Release) -> dict[str, Any]:
    return {
        "variant_name": "Zero-concentrated DP",
        "data_domain": (
            "Records of the agencies for the quarter, and for its calendar year where the release "
            "is of a fourth quarter: one row for each unit of a table, with keys from public lists."
        ),
        "unprotected_quantities": _list(release.privacy.unprotected),
    }


def _describe_loss(facts: PrivacyFacts) -> dict[str, Any]:
    return {
        "privacy_unit": "Person: one child's records at all agencies, in all quarters",
        "privacy_unit_details": facts.unit,
        "privacy_parameters": {
            "rho": float(facts.rho_decimal),
            "epsilon": facts.epsilon,
            "delta": facts.delta,
        },
        "privacy_parameters_details": _list(
            [
                f"rho is exactly {facts.rho.numerator}/{facts.rho.denominator} for this release",
                f"at delta: {say_epsilon(facts.epsilon, facts.composed)}",
                f"mu, the square root of 2 rho, is {facts.mu:.4f}",
                _say_power(facts),
                *(_say_group(group) for group in facts.groups if group.size > 1),
            ]
        ),
    }


def _say_power(facts: PrivacyFacts) -> str:
    return (
        "at 1 false alarm in 100 the best attacker is right about "
        f"{100 * facts.power:.1f} in 100 of those who are in the records"
    )


def _say_group(group: GroupFacts) -> str:
    return (
        f"a person whose records were not recognised as one person's, in {group.size} identities: "
        f"rho {float(group.rho):.6g}, {say_epsilon(group.epsilon, group.composed)}"
    )


def _name_agencies(release: Release) -> list[str]:
    """The agencies whose deliveries a release tells, in a sentence."""
    told = {agency for agency, _ in release.provenance.deliveries}
    return [one.name for one in _STATE.agencies if one.key in told]


def _describe_model(release: Release) -> dict[str, Any]:
    approvals = "; ".join(name_signer(one.signer) for one in release.approvals) or "nobody"
    return {
        "model_name": "Central",
        "model_name_details": "Agencies deliver records to one hub, which alone adds the noise.",
        "trust_assumptions": (
            "Agencies and the public need to trust the hub with the records, and nobody with the "
            "release. Totals that the hotline delivers rest on the promise of its contract."
        ),
        "actors": _list(
            [
                f"agencies that deliver: {', '.join(_name_agencies(release))}",
                "the hub: holds the records in a vault and adds the noise",
                f"privacy officers, who sign the plan before any record is read: {approvals}",
                "readers: agencies, the statewide council, the public",
                "attackers: know everything but the records of one identity, and work together",
            ]
        ),
        "release_type": "Many releases",
        "release_type_details": (
            "One release a quarter; that of a fourth quarter carries the annual tables too. A "
            "quarter is drawn once. Spent by one identity in the worst case, with its cap: "
            f"{_list(_say_spending(release.privacy))}"
        ),
        "data_source_type": "Dynamic",
        "data_source_type_details": "New records come every quarter.",
        "access_type": "Non-interactive",
        "access_type_details": "Readers get the published files; nobody queries the records.",
    }


def _say_spending(facts: PrivacyFacts) -> list[str]:
    return [
        f"{_KNOWN_PERIODS.get(one.period, one.period)}: rho {float(one.spent):.6g} of "
        f"{float(one.cap):.6g}{say_ahead(one.cap, one.ahead)}"
        for one in facts.spending
    ]


def _describe_implementation(release: Release) -> dict[str, Any]:
    versions = ", ".join(f"{name} {version}" for name, version in release.versions)
    return {
        "preprocessing_and_hyperparameter_tuning": (
            "Records are checked and counted by fixed rules; each table bounds how far one "
            "identity can move it, by keyed hash order where records must be left out. The split "
            "of the budget is optimised from the policy and public lists and looks at no record."
        ),
        "mechanisms": (
            "Discrete Gaussian noise on every cell of the measured tables, by OpenDP, which also "
            "proves the sensitivity of tables of rows. No other randomness; scales and costs are "
            "exact rationals; all cells of public lists are measured; nothing is suppressed. "
            f"Versions: {versions}."
        ),
        "composition": (
            f"rho adds up over the {len(release.measurements)} measurements of this release. Over "
            "quarters, tables that count a child once ever compose in parallel and all others add "
            "up, as often as one identity can be counted in them; a ledger is charged before the "
            "draw and is append-only and chained by hashes."
        ),
        "post_processing": (
            "Least squares over all measurements give unbiased estimates with exact variances; "
            "whole counts that are never negative and add up are made from them, from the top "
            "level down; estimates at or below a cut-off are marked as not distinguishable from "
            f"zero. {len(release.synthetic)} synthetic files."
        ),
        "justification": (
            f"Policy version {release.plan.policy_version}, reviewed {release.plan.reviewed_on}. "
            f"The plan with the SHA-256 {release.plan.hash} was made before any record was read "
            "and approved by signature. Tables that count a child once ever are preferred, because "
            f"they cost a lifetime what one quarter costs: {_count_cohorts(release)}."
        ),
        "utility": _list(_say_accuracy(release)),
        "additional_information": (
            f"Release {release.release_id} of the quarter that began on "
            f"{release.quarter_start.isoformat()}; ledger head {release.ledger_head}."
            f"{_say_recovery(release)}"
        ),
    }


def _say_recovery(release: Release) -> str:
    if not release.plan.recovers:
        return ""
    return (
        f" The quarter was paid for once more: a draw of the plan {release.plan.recovers} was lost "
        "after it may have been seen, and what was spent counts both."
    )


def _count_cohorts(release: Release) -> str:
    measured = [table for table in release.tables if table.frame is not None]
    cohorts = sum(table.kind == COHORT for table in measured)
    return f"{cohorts} of {len(measured)} tables here"


def _say_accuracy(release: Release) -> list[str]:
    told = []
    for table in release.tables:
        margins = [row.moe90 for row in table.rows if row.moe90 is not None]
        if margins:
            cadence = "annual" if table.cadence == ANNUAL else "quarterly"
            told.append(
                f"{table.title} ({cadence}, {len(margins)} rows): 90 % margin of error up to "
                f"{max(margins):g}"
            )
    return told


def _list(parts: list[str] | tuple[str, ...]) -> str:
    return "\n".join(f"- {part}" for part in parts)
