#!/usr/bin/env python3
"""Drives the Jira sandbox with other people's clients, and another emulator with ours; `../driving.py` says how.

    run.py --ticketing target/debug/ticketing [--environments FOLDER] [jira] [jira-data-center] [atlassian-python-api] [jira.js] [jira.js-6]
        [jira820]
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from driving import Client, main  # noqa: E402

DATA_CENTER = ("--flavour", "data-center")

CLIENTS = {
    "jira": Client("python.txt", "jira_witness.py"),
    "jira-data-center": Client("python.txt", "jira_witness.py", options=DATA_CENTER),
    "atlassian-python-api": Client("python.txt", "atlassian_witness.py", options=DATA_CENTER),
    "jira.js": Client("jira.js/package-lock.json", "jira_js_witness.js"),
    "jira.js-6": Client("jira.js-6/package-lock.json", "jira_js_desk_witness.js"),
    "jira820": Client("jira820.txt", "jira820_witness.py", emulator=True),
}

if __name__ == "__main__":
    sys.exit(main(HERE, "jira", CLIENTS))
