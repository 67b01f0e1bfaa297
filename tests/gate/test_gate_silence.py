"""Whatever a client sends, its words are in no log and in no row of the audit."""

from pathlib import Path

from gate_server import RunningGate, run_gate

MARK = "xyzzy104"


def test_nothing_that_a_client_made_up_is_kept(tmp_path: Path) -> None:
    with run_gate(tmp_path) as gate:
        token = gate.make_token()
        send_marks(gate, token)
        gate.stop()
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        found = [path.name for path in kept if MARK.encode() in path.read_bytes()]
        assert found == []
        assert [path.name for path in kept if token.encode() in path.read_bytes()] == []
        assert gate.check_audit().rows > 20


def send_marks(gate: RunningGate, token: str) -> None:
    secret = f"moshare-00000000-{MARK}"
    for path in (
        f"/{MARK}",
        f"/releases/{MARK}/",
        f"/releases/2025Q1/{MARK}.csv",
        f"/releases/2025Q1/%{MARK}",
        f"/api/v1/releases/{MARK}",
        f"/api/v1/releases?token={MARK}",
        f"/sign-in?next=/{MARK}",
        f"/releases/{MARK}.zip",
        f"//{MARK}",
    ):
        for who in ("", secret, token):
            gate.get(
                path,
                who,
                User_Agent=MARK,
                Referer=MARK,
                Cookie=f"moshare={MARK}",
                X_Forwarded_For=MARK,
                X_Remote_User=MARK,
                Range=f"bytes={MARK}",
                If_None_Match=MARK,
                Accept="text/html",
            )
    host = f"127.0.0.1:{gate.port}"
    for raw in (
        f"{MARK} / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {MARK}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n",
        f"{MARK}\r\n\r\n",
        write_form(host, f"http://{host}", f"token={MARK}"),
        write_form(host, MARK, MARK),
        f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: {MARK}\r\nConnection: upgrade, close\r\n\r\n",
    ):
        gate.send(raw.encode())


def write_form(host: str, origin: str, body: str) -> str:
    return (
        f"POST /sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
