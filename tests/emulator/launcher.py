"""Runs MiniStack on a free loopback port for as long as standard input stays open.

Prints `ready PORT` once the emulator answers. The test process holds the other end of standard input:
however it ends, by a panic or a SIGKILL even, the pipe closes, and everything started here is stopped.
What MiniStack and its functions write goes to standard error.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

READY_S = 60
STOP_S = 5


def main():
    # MiniStack leaves the functions' unpacked code behind.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        run(free_port(), scratch)


def run(port, scratch):
    # Its own session, so that the processes it starts for the functions can be stopped with it.
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": scratch},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )
    try:
        wait_until_ready(server, port)
        print("ready", port, flush=True)
        sys.stdin.buffer.read()
    finally:
        stop(server)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(server, port):
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"MiniStack ended with code {server.returncode} before it was ready")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    sys.exit(f"MiniStack did not answer on port {port} within {READY_S} s")


def stop(server):
    for request in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, request)
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


if __name__ == "__main__":
    main()
