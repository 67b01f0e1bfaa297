#!/bin/sh
# Splink 5.0.0: one-to-one clustering takes a name of a dataset that does not exist without a word, and then
# puts two records of the dataset that was meant into one cluster. With the names spelt right it keeps one of
# two equally good records, the one with the lower id.
# Seen: "polcie: 2 clusters, most police records in one: 2, with dss 1: police [1, 2]", "police: 3 clusters,
# most police records in one: 1, with dss 1: police [1]", no warning, and no word of the name that is not there.
# Ends with 1 if any of these is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check splink==5.0.0 pandas==2.3.3 duckdb==1.5.6
"$folder/venv/bin/python" - 2>"$folder/said" <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import pandas as pd
import splink.comparison_library as comparisons
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

print("splink", version("splink"))


def make(dataset: str, names: list[str]) -> pd.DataFrame:
    ids = range(1, len(names) + 1)
    return pd.DataFrame({"unique_id": ids, "name": names, "source_dataset": dataset})


api = DuckDBAPI()
tables = [api.register(make("dss", ["ana", "bo"])), api.register(make("police", ["ana", "ana", "bo"]))]
name = comparisons.ExactMatch("name").configure(
    m_probabilities=[0.95, 0.05], u_probabilities=[0.05, 0.95]
)
settings = SettingsCreator(
    link_type="link_only",
    comparisons=[name],
    blocking_rules_to_generate_predictions=[block_on("name")],
    probability_two_random_records_match=0.3,
)
linker = Linker(tables, settings)
pairs = linker.inference.predict()
seen, warned = {}, 0
for spelling in ("polcie", "police"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = linker.clustering.cluster_using_single_best_links(
            pairs, duplicate_free_datasets=["dss", spelling], threshold_match_probability=0.5
        ).as_pandas_dataframe()
    warned += len(caught)
    police = found[found.source_dataset == "police"]
    home = found[(found.source_dataset == "dss") & (found.unique_id == 1)].cluster_id.iloc[0]
    kept = sorted(police[police.cluster_id == home].unique_id)
    seen[spelling] = (found.cluster_id.nunique(), int(police.cluster_id.value_counts().max()), kept)
    print(f"{spelling}: {seen[spelling][0]} clusters, most police records in one: {seen[spelling][1]}, "
          f"with dss 1: police {kept}")
print("warnings:", warned)
sys.exit(seen != {"polcie": (2, 2, [1, 2]), "police": (3, 1, [1])} or warned != 0)
PYTHON
if grep -qi 'polcie' "$folder/said"; then exit 1; fi
