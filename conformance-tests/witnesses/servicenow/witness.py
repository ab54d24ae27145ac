"""What the witnesses share: the list of what each has to show, one line per check, and an eye that is not the client's."""

import base64
import contextlib
import json
import os
import ssl
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request

# What every client is asked to do; what it cannot do is a printed skip.
SUBJECTS = (
    "list with paging",
    "query",
    "dot-walk",
    "get",
    "insert",
    "update",
    "delete",
    "attach",
    "count",
    "batch",
)

# `ticketing sandbox --tickets 250` numbers them from here on, beside the twelve incidents of the standard company.
GENERATED = [f"INC{1_000_000 + nth}" for nth in range(1, 251)]
COMPANY = [f"INC{10_000 + nth:07}" for nth in range(1, 13)]

USER, PASSWORD = "admin", "admin"


def equal(found, expected, what="value"):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, not {expected!r}")


def each_once(found, expected, what="rows"):
    """The same things, each exactly once, in any order."""
    found = [str(value) for value in found]
    twice = sorted({value for value in found if found.count(value) > 1})
    missing, strange = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if twice or missing or strange:
        raise AssertionError(f"{what}: twice {twice[:5]}, missing {missing[:5]}, not expected {strange[:5]}")
    equal(len(found), len(expected), f"number of {what}")


@contextlib.contextmanager
def raises(kind, *words):
    """The client has to refuse, in an error of its own that says this."""
    try:
        yield
    except kind as error:
        for word in words:
            if word not in str(error):
                raise AssertionError(f"{error!r} does not say {word!r}") from error
    else:
        raise AssertionError(f"no {kind.__name__}")


class Witness:
    """Runs checks one after the other, prints a line for each, and counts what failed."""

    def __init__(self, client):
        self.client = client
        self.shown, self.failed, self.skipped = [], [], []

    @contextlib.contextmanager
    def check(self, subject, saying):
        try:
            yield
        except Exception as error:  # a client's own mistakes count against the check as well
            self.failed.append(subject)
            print(f"FAIL  {self.client}: {subject}: {saying}", flush=True)
            traceback.print_exception(error, limit=-4, file=sys.stdout)
        else:
            self.shown.append(subject)
            print(f"ok    {self.client}: {subject}: {saying}", flush=True)

    def skip(self, subject, reason):
        self.skipped.append(subject)
        print(f"skip  {self.client}: {subject}: {reason}", flush=True)

    def finish(self):
        """Ends the program: 1 where a check failed, or where a subject was neither checked nor skipped."""
        forgotten = [subject for subject in SUBJECTS if subject not in self.shown + self.failed + self.skipped]
        for subject in forgotten:
            print(f"FAIL  {self.client}: {subject}: neither checked nor skipped", flush=True)
        print(
            f"--    {self.client}: {len(self.shown)} checks passed, {len(self.failed) + len(forgotten)} failed,"
            f" {len(self.skipped)} skipped",
            flush=True,
        )
        sys.exit(1 if self.failed or forgotten else 0)


class Eye:
    """Looks at the sandbox with nothing but the standard library."""

    def __init__(self):
        self.base = os.environ["SANDBOX_URL"].rstrip("/")
        self.host = urllib.parse.urlsplit(self.base).netloc
        certificate = os.environ.get("REQUESTS_CA_BUNDLE")
        self.tls = ssl.create_default_context(cafile=certificate) if certificate else None

    def call(self, method, path, body=None, **params):
        """The status and the decoded body."""
        url = f"{self.base}{path}"
        if params:
            url += "?" + urllib.parse.urlencode(params)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        request.add_header("Accept", "application/json")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None

    def rows(self, table, query, fields):
        status, body = self.call(
            "GET",
            f"/api/now/table/{table}",
            sysparm_query=query,
            sysparm_fields=fields,
            sysparm_exclude_reference_link="true",
        )
        equal(status, 200, "status")
        return body["result"]

    def record(self, table, sys_id):
        """The record as it is stored, or None."""
        status, body = self.call("GET", f"/api/now/table/{table}/{sys_id}", sysparm_exclude_reference_link="true")
        if status == 404:
            return None
        equal(status, 200, "status")
        return body["result"]

    def sys_id(self, table, query):
        rows = self.rows(table, query, "sys_id")
        equal(len(rows), 1, f"number of {table} where {query}")
        return rows[0]["sys_id"]

    def forget_requests(self):
        self.call("DELETE", "/_sandbox/requests")

    def requests(self, method=None, path=None):
        """What was asked since it was last forgotten."""
        _, body = self.call("GET", "/_sandbox/requests")
        return [
            one
            for one in body["requests"]
            if (method is None or one["method"] == method) and (path is None or one["path"] == path)
        ]

    def set_property(self, name, value):
        """Sets a system property, as an administrator would."""
        status, _ = self.call(
            "PATCH", f"/api/now/table/sys_properties/{self.sys_id('sys_properties', f'name={name}')}", {"value": value}
        )
        equal(status, 200, f"status of setting {name}")
