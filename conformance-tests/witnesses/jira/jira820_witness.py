"""jira820: our own provider, by the `ticketing` command line, against an emulator of Jira Data Center that we did not write."""

import json
import os
import subprocess

from checks import Witness, each_once, equal
from jira820_site import PROJECT, site

SUBJECTS = (
    "list with paging", "order", "filter by person", "filter by status", "get", "create", "create by raw request", "update",
    "one label more", "transition", "fields of a transition", "comment", "history", "users", "delete", "errors",
)  # fmt: skip

witness = Witness("jira820", SUBJECTS)


def ticketing(*arguments, ends=0):
    """What the command says as JSON; where it has to fail, its error."""
    config = {"instance": URL, "auth": {"type": "bearer", "token": "any"}, "projects": [PROJECT]}
    command = [os.environ["TICKETING"], "--provider", "jira", "--config", json.dumps(config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != ends:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stderr if ends else json.loads(done.stdout)


def keys(*arguments):
    return [ticket["key"] for ticket in ticketing("tickets", "list", "--json", *arguments)["items"]]


with site() as (URL, store, requests):
    with witness.check("list with paging", "364 issues, 50 to a page, each once, in two orders"):
        equal(len(store.issues), 364, "issues that the emulator has")
        for order in ("created_at", "updated_at:desc"):
            requests.clear()
            each_once(keys("--sort", order, "--page-size", "50"), store.issues, "issues")
            searches = requests.count(("POST", "/rest/api/2/search"))
            if searches < 8:
                raise AssertionError(f"{searches} searches are too few for 364 issues")

    with witness.check("order", "a search that ignores `id >` is an error, and not the first page for ever"):
        said = ticketing("tickets", "list", "--json", ends=1)
        if not said.startswith("error: integrity:"):
            raise AssertionError(said)

    with witness.check("filter by person", "the issues of u03, by login name"):
        own = [key for key, issue in store.issues.items() if issue["assignee"] == "u03"]
        each_once(keys("--assignee", "username:u03", "--sort", "created_at", "--page-size", "10"), own, "issues")

    witness.skip("filter by status", "jira820 compares statuses by name alone; the vendor takes ids too, and we send them")

    with witness.check("get", "an issue by key and by id, as the emulator has it"):
        there = store.issues["JIRA820-5"]
        by_key = ticketing("tickets", "get", "JIRA820-5", "--json")
        equal(by_key["title"], there["summary"], "title")
        equal(by_key["description"]["native"], {"format": "wiki", "content": there["description"]}, "description")
        equal(by_key["status"]["native"]["name"], there["statusName"], "status")
        equal(by_key["assignees"][0]["id"], there["assignee"], "assignee")
        equal(by_key["created_at"], f"{there['created']}T{there['tcreated']}:00Z", "created")
        equal(ticketing("tickets", "get", by_key["id"], "--json"), by_key, "the issue by its id")

    witness.skip("create", "jira820 has the createmeta from before 8.4, and none at `/createmeta/KEY/issuetypes` (wire A4.3)")

    with witness.check("create by raw request", "a task in the vendor's own words"):
        fields = {"project": {"key": PROJECT}, "issuetype": {"name": "Task"}, "summary": "Made by us"}
        made = ticketing("raw", "POST", "/rest/api/2/issue", "--body", json.dumps({"fields": fields}))
        equal(made["key"], "JIRA820-365", "key")
        equal(ticketing("tickets", "get", made["key"], "--json")["title"], "Made by us", "title")

    with witness.check("update", "title, description, assignee, labels, due day"):
        changed = ticketing(
            "tickets", "update", "JIRA820-365", "--title", "Changed", "--description", "**bold** and [a](https://x.example)",
            "--assignee", "username:u03", "--tag", "ours", "--due", "2026-03-01", "--json",
        )  # fmt: skip
        there = store.issues["JIRA820-365"]
        equal(there["summary"], "Changed", "summary")
        equal(there["description"], "*bold* and [a|https://x.example]", "description")
        equal((there["assignee"], there["labels"], str(there["due"])), ("u03", ["ours"], "2026-03-01"), "fields")
        equal(changed["description"]["markdown"], "**bold** and [a](https://x.example)", "description in Markdown")

    witness.skip("one label more", "jira820 answers 204 to `update.labels`, and does not do it (wire A4.1)")

    with witness.check("transition", "to work and to the end, with the resolution"):
        moved = ticketing("tickets", "update", "JIRA820-365", "--status", "in_progress", "--json")
        equal(moved["status"]["category"], "in_progress", "status")
        equal(store.issues["JIRA820-365"]["statusName"], "In Progress", "the emulator's status")
        closed = ticketing("tickets", "update", "JIRA820-365", "--status", "closed", "--reason", "Done", "--json")
        equal((closed["status"]["category"], closed["status"]["reason"]["name"]), ("closed", "Done"), "status")
        equal(store.issues["JIRA820-365"]["statusName"], "Done", "the emulator's status")

    with witness.check("fields of a transition", "what its screen needs is named, and nothing sent"):
        requests.clear()
        said = ticketing("tickets", "update", "JIRA820-365", "--native-status", "Reopened", ends=2)
        if "needs `worklog`" not in said:
            raise AssertionError(said)
        equal([request for request in requests if request[0] != "GET"], [], "writes")

    with witness.check("comment", "said once, and listed"):
        said = ticketing("tickets", "comment", "JIRA820-365", "said **by us**", "--public", "--json")
        equal([comment["body"] for comment in store.issues["JIRA820-365"]["comments"]], ["said *by us*"], "comments")
        listed = ticketing("tickets", "comments", "JIRA820-365", "--json")["items"]
        equal([(own["id"], own["body"]["markdown"]) for own in listed], [(said["id"], "said **by us**")], "comments")

    with witness.check("history", "both moves, oldest first"):
        entries = ticketing("tickets", "history", "JIRA820-365", "--json")["items"]
        moves = [change["to"]["label"] for entry in entries for change in entry["changes"] if change["field"] == "status"]
        equal(moves, ["In Progress", "Done"], "statuses")

    witness.skip("users", "jira820 finds nobody by `username=.`, which is everybody on a Data Center (S:pycontribs)")

    with witness.check("delete", "an issue, which is not found afterwards"):
        ticketing("tickets", "delete", "JIRA820-365", "--json")
        if "JIRA820-365" in store.issues:
            raise AssertionError("it is still there")
        ticketing("tickets", "get", "JIRA820-365", ends=3)

    with witness.check("errors", "an unknown status is refused with those there are; an old version too"):
        said = ticketing("tickets", "update", "JIRA820-5", "--native-status", "Nowhere", ends=2)
        for name in ("Open", "In Progress", "In Review", "Done", "Reopened"):
            if name not in said:
                raise AssertionError(f"{said!r} does not name {name!r}")
        ticketing("tickets", "update", "JIRA820-5", "--title", "t", "--expected-version", "2020-01-01T00:00:00Z", ends=5)

witness.finish()
