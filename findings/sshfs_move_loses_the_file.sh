#!/bin/sh
# sshfs 2026.8.0 (fsspec over SFTP) loses a file that it moves on a server without the extension
# posix-rename and without a shell, as servers that offer SFTP alone are: where the extension is missing it
# copies by the command `cp`, and removes the source whether the copy was made or not. The protocol's own
# rename (draft-ietf-secsh-filexfer-02, 6.5), which every server has, is not asked for.
# Seen: "mv raised ChannelOpenError", then "left on the server: []".
# Ends with 1 if this is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sshfs==2026.8.0 asyncssh==2.24.1
mkdir "$folder/server"
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import asyncio
import sys
import threading
from importlib.metadata import version
from pathlib import Path

import asyncssh
from sshfs import SSHFileSystem

folder = Path(sys.argv[1])
root = folder / "server"
(root / "report.txt.part").write_text("the only copy")


class SftpAlone(asyncssh.SFTPServer):
    def __init__(self, channel):
        super().__init__(channel, chroot=str(root))

    def posix_rename(self, oldpath, newpath):
        raise asyncssh.SFTPOpUnsupported("an extension that this server does not have")


own, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
own.write_private_key(folder / "own.key")
own.write_public_key(folder / "authorized")
loop = asyncio.new_event_loop()
server = loop.run_until_complete(
    asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=str(folder / "authorized"),
        sftp_factory=SftpAlone,
        allow_scp=False,
    )
)
threading.Thread(target=loop.run_forever, daemon=True).start()
print("sshfs", version("sshfs"), "asyncssh", version("asyncssh"))
files = SSHFileSystem(
    "127.0.0.1", port=server.get_port(), username="me", client_keys=[str(folder / "own.key")]
)
try:
    files.mv("/report.txt.part", "/report.txt")
    seen = "mv worked"
except Exception as error:
    seen = f"mv raised {type(error).__name__}"
left = sorted(path.name for path in root.iterdir())
print(seen)
print("left on the server:", left)
sys.exit((seen, left) != ("mv raised ChannelOpenError", []))
PYTHON
