"""What ServiceNow's witnesses share: the list of what each has to show, and an eye that is not the client's."""

import base64
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request

import checks
from checks import each_once, equal, raises  # noqa: F401: the witnesses import them from here

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


class Witness(checks.Witness):
    """One that has to show every subject of ServiceNow's."""

    def __init__(self, client):
        super().__init__(client, SUBJECTS)


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
