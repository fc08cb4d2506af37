"""The count of bytes that leave this machine, over real sockets; in a process of its own, because it stays wrapped.

127.0.0.2 plays an outside host: it is reached like one, and only the question "is it outside" is answered for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ui.outbound import is_outside

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        (("127.0.0.1", 80), False),
        (("127.8.9.10", 80), False),
        (("::1", 80, 0, 0), False),
        (("::ffff:127.0.0.1", 80, 0, 0), False),
        (("localhost", 80), False),
        (("192.168.1.7", 80), True),
        (("192.0.2.1", 443), True),
        (("fe80::1%eth0", 80, 0, 2), True),
        (("example.org", 443), True),
        ("/tmp/a.sock", False),
    ],
)
def test_what_is_outside(address: object, outside: bool) -> None:
    assert is_outside(address) is outside


def _counted(script: str) -> dict[str, object]:
    preamble = """
        import asyncio, http.client, json, socket, threading
        import ui.outbound as counting
        counting.is_outside = lambda address: isinstance(address, tuple) and address[0] == "127.0.0.2"
        counting.watch()
        counting.watch()

        def listening(host, answer=b""):
            server = socket.create_server((host, 0))
            def serve():
                connection, _ = server.accept()
                while connection.recv(65536):
                    if answer:
                        connection.sendall(answer)
            threading.Thread(target=serve, daemon=True).start()
            return server.getsockname()[1]
    """
    ending = "\nprint(counting.outbound().model_dump_json())"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(preamble) + textwrap.dedent(script) + ending],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counted: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return counted


def test_what_stays_on_this_machine_and_answers_to_others_count_nothing() -> None:
    script = """
        port = listening("127.0.0.1")
        socket.create_connection(("127.0.0.1", port)).sendall(b"x" * 1000)
        port = listening("127.0.0.2", answer=b"page" * 100)  # a visitor from outside is answered
        import subprocess, sys
        visitor = "import socket; s = socket.create_connection(('127.0.0.2', %d)); s.send(b'GET'); s.recv(9)" % port
        subprocess.run([sys.executable, "-c", visitor], check=True)
    """
    assert _counted(script) == {"num_bytes": 0, "num_connections": 0, "hosts": []}


def test_bytes_over_connections_datagrams_and_event_loops_are_counted() -> None:
    script = """
        port = listening("127.0.0.2")
        plain = socket.create_connection(("127.0.0.2", port))
        plain.send(b"x" * 10)
        plain.sendall(b"x" * 100)
        plain.sendmsg([b"x" * 3, b"x" * 4])
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.sendto(b"x" * 1000, ("127.0.0.2", port))

        async def over_a_loop():
            _, writer = await asyncio.open_connection("127.0.0.2", listening("127.0.0.2"))
            writer.write(b"x" * 20000)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        asyncio.run(over_a_loop())
    """
    assert _counted(script) == {"num_bytes": 21117, "num_connections": 2, "hosts": ["127.0.0.2"]}


def test_bytes_under_tls_are_counted(tmp_path: Path) -> None:
    x509 = pytest.importorskip("cryptography.x509", reason="the optional extra `encrypted` is not installed")
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "outside")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    ).sign(key, hashes.SHA256())
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = tmp_path / "pair.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + certificate.public_bytes(serialization.Encoding.PEM)
    )
    script = f"""
        import ssl
        server = socket.create_server(("127.0.0.2", 0))
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain({str(pem)!r})
        received = []
        def serve():
            connection, _ = server.accept()
            connection = theirs.wrap_socket(connection, server_side=True)
            while data := connection.recv(65536):
                received.append(data)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
        connection = ours.wrap_socket(socket.create_connection(server.getsockname()))
        connection.sendall(b"x" * 5000)
        connection.close()
    """
    counted = _counted(script)
    assert counted == {"num_bytes": 5000, "num_connections": 1, "hosts": ["127.0.0.2"]}
