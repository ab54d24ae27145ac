"""jira (pycontribs): a Cloud by `search/jql` and its tokens, a Data Center by `search` and its offsets, with one program."""

import io
import os

from jira import JIRA
from jira.exceptions import JIRAError

from checks import Witness, each_once, equal, raises

SUBJECTS = (
    "search with paging", "get", "create", "update", "transition", "comment", "attach", "users", "links", "delete", "errors",
)
ALL = [f"HELP-{number}" for number in range(1, 265)]

client = JIRA(server=os.environ["SANDBOX_URL"], basic_auth=("admin", "admin"))
cloud = client.server_info()["deploymentType"] == "Cloud"
witness = Witness("jira" if cloud else "jira-data-center", SUBJECTS)

with witness.check("search with paging", "264 issues, each once"):
    found = client.search_issues("project = HELP ORDER BY key", maxResults=False, fields="summary,status")
    each_once([issue.key for issue in found], ALL, "issues")
    some = client.search_issues('project = HELP AND labels = "vpn"', maxResults=5)
    each_once([issue.key for issue in some], ["HELP-3"], "issues")

with witness.check("get", "an issue with its people and fields"):
    issue = client.issue("HELP-3")
    equal(issue.fields.summary, "VPN drops every five minutes", "summary")
    equal(issue.fields.assignee.displayName, "Amara Okafor", "assignee")
    equal(issue.fields.reporter.displayName, "Greta Holm", "reporter")
    equal(len(client.fields()) > 20, True, "fields")

with witness.check("create", "an incident, with labels"):
    created = client.create_issue(
        project="HELP", summary="From Python", description="Hello", issuetype={"name": "[System] Incident"}, labels=["from_python"]
    )
    equal(created.key, "HELP-265", "key")
    equal(client.issue("HELP-265").fields.labels, ["from_python"], "labels")

with witness.check("update", "summary, priority and assignee"):
    created.update(summary="Changed", priority={"name": "High"})
    client.assign_issue("HELP-265", "integration@example.com" if cloud else "admin")
    read = client.issue("HELP-265")
    equal((read.fields.summary, read.fields.priority.name), ("Changed", "High"))
    equal(read.fields.assignee.displayName, "Integration Service", "assignee")

with witness.check("transition", "the first that is offered, by its id"):
    before = client.issue("HELP-265").fields.status.name
    offered = client.transitions("HELP-265")
    first = next(one for one in offered if one["to"]["name"] != before)
    client.transition_issue("HELP-265", first["id"])
    equal(client.issue("HELP-265").fields.status.name, first["to"]["name"], "status")

with witness.check("comment", "added, changed, deleted"):
    comment = client.add_comment("HELP-265", "a comment")
    equal([one.body for one in client.comments("HELP-265")], ["a comment"], "comments")
    comment.update(body="another")
    equal(client.comment("HELP-265", comment.id).body, "another", "body")
    comment.delete()
    equal(client.comments("HELP-265"), [], "comments")

with witness.check("attach", "a file, and its bytes"):
    file = client.add_attachment("HELP-265", attachment=io.BytesIO(b"kept\n"), filename="note.txt")
    equal((file.filename, file.size), ("note.txt", 5))
    equal(client.attachment(file.id).get(), b"kept\n", "content")

with witness.check("users", "who we are, found, and who can be assigned"):
    equal(client.myself()["displayName"], "Integration Service", "name")
    found = client.search_users(**({"query": "ines"} if cloud else {"user": "itil"}))
    equal([user.displayName for user in found], ["Ines Tilden"], "found")
    people = client.search_assignable_users_for_issues(project="HELP", **({"query": "am"} if cloud else {"username": "am"}))
    equal("Amara Okafor" in [user.displayName for user in people], True, "assignable")

with witness.check("links", "made, seen from both sides, removed"):
    client.create_issue_link("Blocks", "HELP-265", "HELP-1")
    link = client.issue("HELP-265").fields.issuelinks[0]
    equal(link.outwardIssue.key if hasattr(link, "outwardIssue") else link.inwardIssue.key, "HELP-1", "other end")
    client.delete_issue_link(link.id)
    equal(client.issue("HELP-1").fields.issuelinks, [], "links")

with witness.check("delete", "for good"):
    created.delete()
    with raises(JIRAError, "404"):
        client.issue("HELP-265")

with witness.check("errors", "a query that cannot be parsed, and a bad password"):
    with raises(JIRAError, "400"):
        client.search_issues("project =")
    with raises(JIRAError, "401"):
        JIRA(server=os.environ["SANDBOX_URL"], basic_auth=("admin", "wrong"), max_retries=0).myself()

witness.finish()
