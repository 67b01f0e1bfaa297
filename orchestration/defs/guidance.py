"""What the Dagster UI says on each asset beside its description: what to do, and where its code is.

Does not belong here: descriptions, which stand beside the assets, and the sentences of failures.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from orchestration.defs.dbt_graph import UNIQUE_ID

_WHEN_IT_FAILS = {
    "ingest": "The receipt in the agency's outbox says what to mend; the agency sends again. "
    "MS101: nothing was delivered, ask the agency. MS120: this machine failed; the delivery waits, "
    "and the sensor `delivery_arrived` asks for it again.",
    "staging": "A failed check names its rule: look at the rows in the vault, on the hub. MS902: "
    "dbt's own log lies in `vault/dbt/logs`. Mend, then run the quarter again.",
    "linkage": "Mend what the sentence names, then run the quarter again; nothing was released.",
    "core": "A failed check names its rule: look at the rows in the vault, on the hub. MS902: "
    "dbt's own log lies in `vault/dbt/logs`. Mend, then run the quarter again.",
    "release_input": "A failed check names its rule: look at the rows in the vault, on the hub. "
    "MS926, MS927 or MS928: quarters are released in their order. Then run the quarter again.",
    "review": "MS650 to MS658: an officer reads the page and signs (docs/officer.md); then the "
    "schedule releases, or `moshare release` does. MS625: the caps leave no room; only a reviewed "
    "policy can change that.",
    "released": "Nothing is drawn twice: run the job `release` again once what the sentence names "
    "is mended. MS626: a draw is lost, and an officer decides. MS628, MS923 or MS944: restore the "
    "newest backup first (docs/operating.md).",
}


_CODE = {
    "raw": "orchestration/defs/ingest.py",
    "linkage": "orchestration/defs/linkage.py",
    "review": "orchestration/defs/review.py",
    "released": "orchestration/defs/release.py",
    "reference": "dbt_project/dbt_project.yml",
}
_QUALITY = dg.AssetKey(["release_input", "quality"])
_PUBLIC = dg.AssetKey(["release_input", "public_totals"])


def guide(assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Add to each asset what to do when it fails, and where its code stands."""
    return list(dg.map_asset_specs(_add_guidance, assets))


def _add_guidance(spec: dg.AssetSpec) -> dg.AssetSpec:
    text = _WHEN_IT_FAILS[str(spec.group_name)]
    told = {"when_it_fails": dg.MetadataValue.md(text), "code": _find_code(spec)}
    return spec.merge_attributes(metadata=told)


def _find_code(spec: dg.AssetSpec) -> str:
    """The file in the source tree that makes an asset."""
    schema = spec.key.path[0]
    if spec.key == _QUALITY:
        return _CODE["released"]
    if spec.key == _PUBLIC:
        return "orchestration/defs/public_totals.py"
    model = str(spec.metadata.get(UNIQUE_ID, "")).rpartition(".")[2]
    return _CODE.get(schema, f"dbt_project/models/{schema}/{model}.sql")
