"""jira820, an emulator of Jira Data Center 8.20 that we did not write, on a loopback port, and the door before it.

The door rewrites addresses of requests where the emulator does not know one that the vendor documents, and no answer at all:
`README.md` names both places.
"""

import contextlib
import datetime
import json
import re
import socket
import threading
import time
import urllib.parse

import uvicorn
from jira820 import make_app
from jira820.config import Config
from jira820.serialize import iid
from jira820.store import Store

PROJECT = "JIRA820"
ISSUE = re.compile(r"^/rest/api/2/issue/([0-9]+)(?=/|$)")


class Door:
    def __init__(self, app, store):
        self.app, self.store, self.requests = app, store, []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.requests.append((scope["method"], scope["path"]))
            scope = dict(scope)
            scope["path"] = ISSUE.sub(lambda found: f"/rest/api/2/issue/{self.key(found[1])}", scope["path"])
            scope["raw_path"] = scope["path"].encode()
            if (scope["method"], scope["path"]) == ("POST", "/rest/api/2/search"):
                asked = json.loads(await whole(receive))
                asked["fields"] = ",".join(asked.get("fields", []))
                scope["method"], scope["query_string"] = "GET", urllib.parse.urlencode(asked).encode()
                receive = nothing
        await self.app(scope, receive, send)

    def key(self, number):
        return next((key for key in self.store.issues if iid(key) == number), number)


async def whole(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def nothing():
    return {"type": "http.request", "body": b"", "more_body": False}


@contextlib.contextmanager
def site():
    """The address, the emulator's own store, and the requests that came; ended with the block."""
    screens = {"Done": ["resolution"], "Reopened": ["worklog"]}
    store = Store(Config(project_key=PROJECT, base_date=datetime.date(2026, 1, 15), transition_screens=screens))
    door = Door(make_app(store=store), store)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(door, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            if time.monotonic() > until or not thread.is_alive():
                raise RuntimeError("jira820 does not start")
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", store, door.requests
        finally:
            server.should_exit = True
            thread.join(timeout=10)
