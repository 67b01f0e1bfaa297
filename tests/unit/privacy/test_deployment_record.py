"""deployment.json against the fields and choices of the register's schema, tier 3.

The table below restates the schema of OpenDP's deployments-registry-data (file
schemas/deployments-schema.yaml, commit 057e5d81): every field of tiers 1 to 3 but two that a
release cannot answer: number_of_privacy_units would be an exact count, and evidence_sources are
papers and pages about a deployment.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.deployment import describe_deployment
from privacy.released import ApprovalFacts, Release, SpendingFacts

TEXT = str
FIELDS: dict[str, dict[str, Any]] = {
    "basic": {
        "name": TEXT,
        "data_curators": list,
        "description": TEXT,
        "intended_use": TEXT,
        "data_product_type": {
            "Summary statistics",
            "Machine learning model",
            "Dataset",
            "Synthetic data",
            "Interactive API",
            "SQL queries",
        },
        "data_product_region": TEXT,
        "data_product_sector": {
            "Technology",
            "Healthcare",
            "Education",
            "Government",
            "Energy",
            "Finance",
        },
        "publication_date": TEXT,
    },
    "dp_variant": {
        "variant_name": {
            "Pure DP",
            "Approximate DP",
            "Zero-concentrated DP",
            "Renyi DP",
            "Custom",
        },
        "data_domain": TEXT,
        "unprotected_quantities": TEXT,
    },
    "privacy_loss": {
        "privacy_unit": TEXT,
        "privacy_unit_details": TEXT,
        "privacy_parameters": dict,
        "privacy_parameters_details": TEXT,
    },
    "deployment_model": {
        "model_name": {"Local", "Central", "Shuffle", "Federated", "Varies"},
        "model_name_details": TEXT,
        "trust_assumptions": TEXT,
        "actors": TEXT,
        "release_type": {"One release", "Many releases"},
        "release_type_details": TEXT,
        "data_source_type": {"Static", "Dynamic"},
        "data_source_type_details": TEXT,
        "access_type": {"Interactive", "Non-interactive"},
        "access_type_details": TEXT,
    },
    "implementation": {
        "preprocessing_and_hyperparameter_tuning": TEXT,
        "mechanisms": TEXT,
        "composition": TEXT,
        "post_processing": TEXT,
        "justification": TEXT,
        "utility": TEXT,
        "additional_information": TEXT,
    },
    "administrative": {
        "status": {
            "Converted",
            "Draft",
            "Pending",
            "Changes Required",
            "Approved",
            "Approved (Update Requested)",
            "Approved (Pending)",
        },
        "registry_authors": list,
        "tier": {1, 2, 3},
    },
}


@pytest.fixture(scope="module")
def release() -> Release:
    plan = example_plan("2024Q4")
    spending = [SpendingFacts("quarter", plan.rho / 2, plan.rho)]
    approvals = [ApprovalFacts("doe", "A1", "2025-01-03")]
    return publish(plan, fill_cells(plan, 30), approvals, spending)


def test_every_field_is_there_once_filled_in_and_of_its_kind(release: Release) -> None:
    content = describe_deployment(release)
    assert content.keys() == {"url_slug", "deployment"}
    assert content["deployment"].keys() == FIELDS.keys()
    for section, fields in FIELDS.items():
        found = content["deployment"][section]
        assert found.keys() == fields.keys(), section
        for name, kind in fields.items():
            assert found[name], name
            if isinstance(kind, set):
                assert found[name] in kind, name
            else:
                assert isinstance(found[name], kind), name


def test_the_parameters_are_those_of_the_release(release: Release) -> None:
    loss = describe_deployment(release)["deployment"]["privacy_loss"]
    assert loss["privacy_parameters"] == {
        "rho": float(release.privacy.rho_decimal),
        "epsilon": release.privacy.epsilon,
        "delta": 1e-6,
    }
    assert loss["privacy_unit_details"] == release.privacy.unit
    assert "in 3 identities" in loss["privacy_parameters_details"]


def test_curators_are_named_with_their_type(release: Release) -> None:
    [curator] = describe_deployment(release)["deployment"]["basic"]["data_curators"]
    assert curator["data_curator_type"] in {"Government", "Industry", "Nonprofit"}
    assert curator["data_curator_name"]


def test_simulated_data_are_said_to_be_simulated(release: Release) -> None:
    assert release.provenance.is_simulated
    text = describe_deployment(release)["deployment"]["basic"]["description"]
    assert text.startswith("Simulated data")


def test_it_says_who_approved_what_was_spent_and_how_accurate_it_is(release: Release) -> None:
    content = describe_deployment(release)["deployment"]
    assert "doe" in content["deployment_model"]["actors"]
    assert (
        "the quarterly tables of a quarter" in content["deployment_model"]["release_type_details"]
    )
    margins = content["implementation"]["utility"].splitlines()
    measured = [table for table in release.tables if table.frame is not None]
    assert len(margins) == len(measured)


def test_it_says_that_a_quarter_was_paid_for_once_more(release: Release) -> None:
    lost = "9" * 64
    again = replace(release, plan=replace(release.plan, recovers=lost))
    told = [
        describe_deployment(one)["deployment"]["implementation"]["additional_information"]
        for one in (release, again)
    ]
    assert "once more" not in told[0]
    assert told[1].startswith(told[0])
    assert lost in told[1]


def test_the_record_is_plain_json_and_the_same_each_time(release: Release) -> None:
    once, again = (json.dumps(describe_deployment(release), sort_keys=True) for _ in range(2))
    assert once == again
