"""Drives a sandbox with other people's clients: installs each in an environment of its own, starts a sandbox for it, runs its
witness, and stops the sandbox by its pid. Each vendor's folder has a `run.py` that says which clients there are. An emulator that
we did not write is the other way round: its witness serves it, and drives it with `ticketing`.

    VENDOR/run.py --ticketing target/debug/ticketing [--environments FOLDER] [CLIENT…]

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


class CannotDrive(Exception):
    pass


class Absent(Exception):
    """The language of a client is not on this machine."""


def python_environment(folder, pins):
    """The command that runs a script with these pinned packages."""
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", pins]
    return [[sys.executable, "-m", "venv", folder], install], [str(python)], {}


def node_environment(folder, pins):
    """The same with Node.js; the pins are a `package-lock.json` whose `package.json` lies beside it."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise Absent("node and npm are not installed")
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(pins.parent / name, folder / name)
    install = ["npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    return [install], ["node"], {"NODE_PATH": str(folder / "node_modules")}


def environment(folder, pins):
    """How to run a script with the packages that `pins` names; made once, and again when the pins change."""
    place = folder / (pins.parent.name if pins.suffix == ".json" else pins.stem)
    stamp = place / "installed.txt"
    is_made = stamp.exists() and stamp.read_text() == pins.read_text()
    if is_made and pins.suffix == ".json" and shutil.which("node"):
        return ["node"], {"NODE_PATH": str(place / "node_modules")}
    if is_made and pins.suffix == ".txt" and (place / "bin" / "python").exists():
        return [str(place / "bin" / "python")], {}
    shutil.rmtree(place, ignore_errors=True)
    make = node_environment if pins.suffix == ".json" else python_environment
    commands, runner, own = make(place, pins)
    for command in commands:
        if subprocess.run([str(part) for part in command], check=False).returncode != 0:
            raise CannotDrive(f"{place.name}: its environment could not be made; see above")
    shutil.copyfile(pins, stamp)
    return runner, own


class Sandbox:
    """`ticketing sandbox`, ready to be asked; stopped by its pid on the way out."""

    def __init__(self, ticketing, vendor, options, folder, tls):
        self.certificate = folder / "certificate.pem" if tls else None
        self.command = [str(ticketing), "sandbox", "--vendor", vendor, "--port", "0", "--tickets", "250", "--json", *options]
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


class Client:
    """One client: its pins and its witness, both in the vendor's folder, whether it speaks https alone, and what its sandbox
    is started with; or an emulator, which needs none."""

    def __init__(self, pins, script, tls=False, options=(), emulator=False):
        self.pins, self.script, self.tls, self.options, self.emulator = pins, script, tls, options, emulator


def drive(here, vendor, client, ticketing, environments):
    runner, own = environment(environments, here / "requirements" / client.pins)
    if client.emulator:
        own = {**os.environ, **own, "TICKETING": str(ticketing), "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(here.parent)}
        return subprocess.run([*runner, str(here / client.script)], env=own, timeout=300, check=False).returncode
    with tempfile.TemporaryDirectory(prefix="witness-") as folder:
        with Sandbox(ticketing, vendor, client.options, pathlib.Path(folder), client.tls) as sandbox:
            own = {**os.environ, **own, "SANDBOX_URL": sandbox.url, "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"}
            own["PYTHONPATH"] = str(here.parent)
            own.pop("REQUESTS_CA_BUNDLE", None)
            if client.tls:
                own["REQUESTS_CA_BUNDLE"] = str(sandbox.certificate)
            return subprocess.run([*runner, str(here / client.script)], env=own, timeout=300, check=False).returncode


def main(here, vendor, clients):
    parser = argparse.ArgumentParser(description=f"Drives the {vendor} sandbox with other people's clients.")
    parser.add_argument("--ticketing", required=True, type=pathlib.Path, help="the `ticketing` binary")
    parser.add_argument("--environments", type=pathlib.Path, help="where environments are kept; without it, thrown away")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=f"of {', '.join(clients)}; without any, all")
    options = parser.parse_args()
    if strange := sorted(set(options.clients) - set(clients)):
        parser.error(f"no such client: {', '.join(strange)}; there are {', '.join(clients)}")
    worst = 0
    with tempfile.TemporaryDirectory(prefix="witness-environments-") as thrown_away:
        environments = (options.environments or pathlib.Path(thrown_away)).resolve()
        for name in options.clients or clients:
            try:
                failed = drive(here, vendor, clients[name], options.ticketing.resolve(), environments)
                worst = max(worst, 1 if failed else 0)
            except Absent as absent:
                print(f"skip  {name}: {absent}", flush=True)
            except (CannotDrive, subprocess.TimeoutExpired, OSError) as error:
                print(f"FAIL  {name}: {error}", flush=True)
                worst = 2
    print(f"other people's clients of {vendor}: " + ("all checks passed" if worst == 0 else "something failed, see above"))
    return worst
