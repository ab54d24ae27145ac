"""atlassian-python-api: the Data Center by its classic client."""

import os
import pathlib
import tempfile

from atlassian import Jira
from requests.exceptions import HTTPError

from checks import Witness, each_once, equal, raises

SUBJECTS = ("search with paging", "get", "create", "update", "transition", "comment", "attach", "users", "delete", "errors")

witness = Witness("atlassian-python-api", SUBJECTS)
client = Jira(url=os.environ["SANDBOX_URL"], username="admin", password="admin")

with witness.check("search with paging", "264 issues by offset, each once"):
    keys, start = [], 0
    while True:
        page = client.jql("project = HELP ORDER BY key", fields="summary", start=start, limit=50)
        keys += [issue["key"] for issue in page["issues"]]
        start += len(page["issues"])
        if start >= page["total"]:
            break
    each_once(keys, [f"HELP-{number}" for number in range(1, 265)], "issues")

with witness.check("get", "an issue, and one field of it"):
    issue = client.issue("HELP-3")
    equal(issue["fields"]["summary"], "VPN drops every five minutes", "summary")
    equal(client.issue_field_value("HELP-3", "labels"), ["vpn", "network"], "labels")

with witness.check("create", "an incident"):
    made = client.issue_create(
        fields={"project": {"key": "HELP"}, "issuetype": {"name": "[System] Incident"}, "summary": "From Atlassian's", "description": "d"}
    )
    equal(made["key"], "HELP-265", "key")

with witness.check("update", "a field and the assignee"):
    client.update_issue_field("HELP-265", {"summary": "Changed"})
    client.assign_issue("HELP-265", "itil")
    fields = client.issue("HELP-265")["fields"]
    equal((fields["summary"], fields["assignee"]["name"]), ("Changed", "itil"))

with witness.check("transition", "by the name of the status"):
    before = client.get_issue_status("HELP-265")
    names = [one["to"] for one in client.get_issue_transitions("HELP-265") if one["to"] != before]
    client.set_issue_status("HELP-265", names[0])
    equal(client.get_issue_status("HELP-265"), names[0], "status")

with witness.check("comment", "added and read"):
    client.issue_add_comment("HELP-265", "a comment")
    equal([one["body"] for one in client.issue_get_comments("HELP-265")["comments"]], ["a comment"], "comments")

with witness.check("attach", "a file, and its bytes"):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "note.txt"
        path.write_text("kept\n")
        client.add_attachment("HELP-265", str(path))
    own = client.issue("HELP-265")["fields"]["attachment"][0]
    equal((own["filename"], own["size"]), ("note.txt", 5))
    content = client.get(own["content"].split(os.environ["SANDBOX_URL"], 1)[-1].lstrip("/"), not_json_response=True)
    equal(content, b"kept\n", "content")

with witness.check("users", "who we are, and found"):
    equal(client.myself()["name"], "admin", "name")
    equal([user["displayName"] for user in client.user_find_by_user_string(username="itil")], ["Ines Tilden"], "found")

with witness.check("delete", "for good"):
    client.delete_issue("HELP-265")
    with raises(HTTPError, "Issue Does Not Exist"):
        client.issue("HELP-265")

with witness.check("errors", "a query that cannot be parsed"):
    with raises(HTTPError):
        client.jql("project =")

witness.finish()
