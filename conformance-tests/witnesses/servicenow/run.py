#!/usr/bin/env python3
"""Drives the ServiceNow sandbox with other people's clients: installs each in an environment of its own, starts a sandbox
for it, runs its witness, and stops the sandbox by its pid.

    run.py --ticketing target/debug/ticketing [--environments FOLDER] [PySNC] [pysnow] [aiosnow]

Ends with 1 where a check failed, and with 2 where a client could not be driven at all.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent

# Client: requirements (an environment each), witness, and whether it speaks https alone.
WITNESSES = {
    "PySNC": ("requests", "pysnc_witness.py", True),
    "pysnow": ("requests", "pysnow_witness.py", False),
    "aiosnow": ("aiosnow", "aiosnow_witness.py", False),
}


class CannotDrive(Exception):
    pass


def environment(folder, requirements):
    """The Python of an environment with these pinned packages; made once, and again when the pins change."""
    pins = HERE / "requirements" / f"{requirements}.txt"
    place = folder / requirements
    python, stamp = place / "bin" / "python", place / "installed.txt"
    if python.exists() and stamp.exists() and stamp.read_text() == pins.read_text():
        return python
    shutil.rmtree(place, ignore_errors=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", pins]
    for command in ([sys.executable, "-m", "venv", place], install):
        if subprocess.run([str(part) for part in command], check=False).returncode != 0:
            raise CannotDrive(f"{requirements}: its environment could not be made; see above")
    shutil.copyfile(pins, stamp)
    return python


class Sandbox:
    """`ticketing sandbox`, ready to be asked; stopped by its pid on the way out."""

    def __init__(self, ticketing, folder, tls):
        self.certificate = folder / "certificate.pem" if tls else None
        self.command = [str(ticketing), "sandbox", "--vendor", "servicenow", "--port", "0", "--tickets", "250", "--json"]
        if tls:
            self.command += ["--tls", "--certificate", str(self.certificate)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        try:
            line = self.process.stdout.readline()
            if not line.startswith("{"):
                raise CannotDrive(f"{' '.join(self.command)} said {line!r} instead of where it listens")
            self.url = json.loads(line)["url"]
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process.stdout.close()

    def wait_until_ready(self):
        tls = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
        until = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_sandbox/state", context=tls, timeout=5) as answer:
                    json.load(answer)
                    return
            except (urllib.error.URLError, OSError) as error:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise CannotDrive(f"the sandbox at {self.url} does not answer: {error}") from error
                time.sleep(0.1)


def drive(client, ticketing, environments):
    requirements, script, tls = WITNESSES[client]
    python = environment(environments, requirements)
    with tempfile.TemporaryDirectory(prefix="witness-") as folder:
        with Sandbox(ticketing, pathlib.Path(folder), tls) as sandbox:
            own = {**os.environ, "SANDBOX_URL": sandbox.url, "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"}
            own.pop("REQUESTS_CA_BUNDLE", None)
            if tls:
                own["REQUESTS_CA_BUNDLE"] = str(sandbox.certificate)
            return subprocess.run([str(python), str(HERE / script)], env=own, timeout=300, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description="Drives the ServiceNow sandbox with other people's clients.")
    parser.add_argument("--ticketing", required=True, type=pathlib.Path, help="the `ticketing` binary")
    parser.add_argument("--environments", type=pathlib.Path, help="where environments are kept; without it, thrown away")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=f"of {', '.join(WITNESSES)}; without any, all")
    options = parser.parse_args()
    if strange := sorted(set(options.clients) - set(WITNESSES)):
        parser.error(f"no such client: {', '.join(strange)}; there are {', '.join(WITNESSES)}")
    worst = 0
    with tempfile.TemporaryDirectory(prefix="witness-environments-") as thrown_away:
        environments = options.environments or pathlib.Path(thrown_away)
        for client in options.clients or WITNESSES:
            try:
                worst = max(worst, 1 if drive(client, options.ticketing.resolve(), environments.resolve()) else 0)
            except (CannotDrive, subprocess.TimeoutExpired, OSError) as error:
                print(f"FAIL  {client}: {error}", flush=True)
                worst = 2
    print("other people's clients: " + ("all checks passed" if worst == 0 else "something failed, see above"))
    return worst


if __name__ == "__main__":
    sys.exit(main())
