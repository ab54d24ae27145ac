#!/usr/bin/env python3
"""Drives the Zendesk sandbox with other people's clients; `../driving.py` says how.

    run.py --ticketing target/debug/ticketing [--environments FOLDER] [Zenpy] [node-zendesk]
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from driving import Client, main  # noqa: E402

CLIENTS = {
    "Zenpy": Client("zenpy.txt", "zenpy_witness.py"),
    "node-zendesk": Client("node-zendesk/package-lock.json", "node_zendesk_witness.js"),
}

if __name__ == "__main__":
    sys.exit(main(HERE, "zendesk", CLIENTS))
