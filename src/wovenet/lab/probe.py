"""Does traffic pass between two instances? Real packets, real answers."""

import sys
from typing import Literal

from wovenet.embedded import process
from wovenet.lab.lab import Lab, LabError

Outcome = Literal["connected", "refused", "silent"]
"""Of a TCP connection: made; refused by the other end; or nothing came back at all."""

# Both run in an instance by the interpreter of this process, so that the lab needs no further program.
_SERVER = """
import socket, sys
greeting = sys.argv[3].encode()
with socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            body = greeting + b"\\n"
            head = b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
            try:
                connection.settimeout(2)
                connection.recv(4096)
                connection.sendall(head + body)
            except OSError:
                pass
"""
_CLIENT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3])) as connection:
        connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
except ConnectionRefusedError:
    sys.exit(3)
except TimeoutError:
    sys.exit(4)
sys.stdout.write(answer.decode().partition("\\r\\n\\r\\n")[2].strip())
"""
PYTHON = (sys.executable, "-IS", "-c")


def ping(lab: Lab, name: str, address: str, *, within_s: int = 5) -> bool:
    """Whether one echo comes back `within_s` seconds; asked five times a second until then."""
    done = lab.run(name, ["ping", "-n", "-q", "-c1", "-i0.2", f"-w{within_s}", address], timeout_s=within_s + 10)
    if done.returncode not in {0, 1}:
        raise LabError(f"{name}: ping {address}: {done.stderr.strip() or done.stdout.strip()}")
    return done.returncode == 0


def serve(lab: Lab, name: str, port: int, *, greeting: str) -> None:
    """The instance answers at TCP `port` with a small HTTP answer that says `greeting`."""
    lab.background(name, [*PYTHON, _SERVER, "::", str(port), greeting])
    listening = ["ip", "netns", "exec", lab.instance(name).namespace, "cat", "/proc/net/tcp6"]
    process.wait_until(
        lambda: f":{port:04X} " in process.run(listening), timeout_s=10, what=f"{name} listening at port {port}"
    )


def connect(lab: Lab, name: str, address: str, port: int, *, within_s: float = 5.0) -> tuple[Outcome, str]:
    """What came of a TCP connection from the instance, and what the other end said."""
    argv = [*PYTHON, _CLIENT, address, str(port), str(within_s)]
    done = lab.run(name, argv, timeout_s=within_s + 10)
    outcomes: dict[int, Outcome] = {0: "connected", 3: "refused", 4: "silent"}
    if done.returncode not in outcomes:
        raise LabError(f"{name}: connection to {address} port {port}: {done.stderr.strip().splitlines()[-1:]}")
    return outcomes[done.returncode], done.stdout
