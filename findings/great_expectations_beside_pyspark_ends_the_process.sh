#!/bin/sh
# Where PySpark is installed without what its part `connect` asks for, the import of Great Expectations ends a
# process that was started from no file (`python -c`, a worker of pytest-xdist, a thread of it): nothing after
# the import runs, and the code is 0, so that it looks like success. From a file the same import goes well.
# Great Expectations tries whether Spark's remote sessions are there; PySpark takes a process without a file for
# a run of its own doctests, says so, and exits.
# Seen: great-expectations 1.24.1 with PySpark 4.3.0: "from no file: 0 ''", "from a file: 0 'imported'".
# Ends with 1 if either is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  great-expectations==1.24.1 pyspark==4.3.0 pyarrow
cat > "$folder/imports.py" <<'PYTHON'
import great_expectations

print("imported")
PYTHON
cd "$folder"
from_no_file=$("$folder/venv/bin/python" -W ignore -c "$(cat imports.py)" 2> said.txt) && code=0 || code=$?
from_a_file=$("$folder/venv/bin/python" -W ignore imports.py 2> /dev/null) && other=0 || other=$?
cat said.txt
echo "from no file: $code '$from_no_file'"
echo "from a file: $other '$from_a_file'"
[ "$code $from_no_file" = "0 " ] && [ "$other $from_a_file" = "0 imported" ]
