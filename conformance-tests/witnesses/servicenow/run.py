#!/usr/bin/env python3
"""Drives the ServiceNow sandbox with other people's clients; `../driving.py` says how.

    run.py --ticketing target/debug/ticketing [--environments FOLDER] [PySNC] [pysnow] [aiosnow]
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from driving import Client, main  # noqa: E402

CLIENTS = {
    "PySNC": Client("requests.txt", "pysnc_witness.py", tls=True),
    "pysnow": Client("requests.txt", "pysnow_witness.py"),
    "aiosnow": Client("aiosnow.txt", "aiosnow_witness.py"),
}

if __name__ == "__main__":
    sys.exit(main(HERE, "servicenow", CLIENTS))
