#!/bin/sh
# A key's number is eight bytes in minisign's format. The program minisign 0.11 writes it into the comment
# above the key without leading zeros, so one key in 16 has fewer than 16 digits there. Text of the number
# made from the bytes differs for such a key, and a test with random keys fails once in 16 runs.
# Needs Debian's apt for the program. Seen: "bytes say 16 digits, the program wrote 15, the same number: True".
# Ends with 1 if that is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q minisign=0.11-1 libsodium23 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find root/usr/lib -name 'libsodium.so.23' | head -1)")
export LD_LIBRARY_PATH
root/usr/bin/minisign -v
number=0
while :; do
  number=$((number + 1))
  root/usr/bin/minisign -G -W -p "$number.pub" -s "$number.key" > /dev/null
  told=$(head -1 "$number.pub" | awk '{print $NF}')
  [ "${#told}" -lt 16 ] || [ "$number" -ge 500 ] && break
done
python3 - "$number.pub" "$told" <<'PYTHON'
import base64
import sys
from pathlib import Path

key = base64.b64decode(Path(sys.argv[1]).read_text().splitlines()[1])
digits, told = key[2:10][::-1].hex().upper(), sys.argv[2]
same = int(digits, 16) == int(told, 16)
print(f"bytes say {len(digits)} digits, the program wrote {len(told)}, the same number: {same}")
sys.exit(not (len(told) == 15 and same))
PYTHON
