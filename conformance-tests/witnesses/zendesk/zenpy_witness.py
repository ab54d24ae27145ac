"""Zenpy: offset and cursor pages, side-loads by what it looks up, jobs that it waits for, incremental exports.

It asks `https://SUBDOMAIN.DOMAIN`; a subdomain of `127` and ZENPY_FORCE_SCHEME, which it reads itself, bring it here.
"""

import datetime
import os
import pathlib
import tempfile
import urllib.parse

os.environ["ZENPY_FORCE_SCHEME"] = "http"

from zenpy import Zenpy  # noqa: E402
from zenpy.lib.api_objects import Comment, Ticket, User  # noqa: E402
from zenpy.lib.exception import APIException, RecordNotFoundException  # noqa: E402

from checks import Witness, each_once, equal, raises  # noqa: E402

SUBJECTS = (
    "list with paging", "search", "get", "create", "update", "comment", "attach", "users", "organizations",
    "incremental export", "bulk", "delete", "errors",
)
COMPANY, ALL = range(1, 15), range(1, 265)

witness = Witness("Zenpy", SUBJECTS)
address = urllib.parse.urlsplit(os.environ["SANDBOX_URL"])
subdomain, domain = address.netloc.split(".", 1)
options = {"subdomain": subdomain, "domain": domain, "disable_cache": True}
client = Zenpy(email="integration@example.com", token="sandbox-token", **options)

with witness.check("list with paging", "264 tickets by offset, each once"):
    each_once([ticket.id for ticket in client.tickets()], ALL, "tickets")

with witness.check("list with paging", "264 tickets by cursor, each once, in order"):
    equal([ticket.id for ticket in client.tickets(cursor_pagination=50)], list(ALL), "ids")
    equal([user.email for user in client.users(cursor_pagination=True)][0], "integration@example.com", "first address")

with witness.check("search", "by type, tag and status; a thousand results at most, and an export without that end"):
    each_once([ticket.id for ticket in client.search(type="ticket", tags="vpn")], [3], "tickets")
    each_once([ticket.id for ticket in client.search("subject:dhcp", type="ticket")], [2, 12], "tickets")
    equal(client.search.count(type="ticket"), 264, "count")
    each_once([ticket.id for ticket in client.search_export(type="ticket", query="")], ALL, "exported")
    people = client.search(type="user", query="greta")
    each_once([user.name for user in people], ["Greta Holm"], "people")

with witness.check("get", "a ticket with its requester, assignee and group behind it"):
    ticket = client.tickets(id=3)
    equal((ticket.subject, ticket.status, ticket.priority), ("VPN drops every five minutes", "solved", "high"))
    equal((ticket.requester.name, ticket.assignee.name), ("Greta Holm", "Amara Okafor"), "people")
    equal(ticket.group.name, "Network & Databases", "group")
    equal(ticket.organization.name, "Boreal Freight GmbH", "organisation")
    equal([one.id for one in client.tickets(ids=[1, 2, 999])], [1, 2], "several at once")

with witness.check("create", "a ticket for somebody new, and its audit"):
    audit = client.tickets.create(
        Ticket(
            subject="From Zenpy",
            comment=Comment(body="**Hello**", public=True),
            requester=User(name="Zoe New", email="zoe@new.example"),
            tags=["from_zenpy"],
            priority="low",
        )
    )
    created = audit.ticket
    equal((created.id, created.status, created.tags), (265, "new", ["from_zenpy"]))
    equal(client.users(id=created.requester_id).email, "zoe@new.example", "requester")

with witness.check("update", "status and assignee; the answer and the reading agree"):
    me = client.users.me()
    equal((me.name, me.role), ("Integration Service", "admin"), "who we are")
    agent = next(iter(client.users.search(query="ines.tilden@example.com")))
    created.assignee_id, created.status = agent.id, "pending"
    updated = client.tickets.update(created).ticket
    equal((updated.status, updated.assignee_id), ("pending", agent.id))
    equal(client.tickets(id=265).status, "pending")
    client.tickets.add_tags(265, ["more"])
    each_once(client.tickets(id=265).tags, ["from_zenpy", "more"], "tags")
    client.tickets.delete_tags(265, ["more"])
    each_once(client.tickets(id=265).tags, ["from_zenpy"], "tags")

with witness.check("comment", "public and private, in order, with the audits that brought them"):
    created = client.tickets(id=265)
    created.comment = Comment(html_body="<p>for <b>agents</b></p>", public=False)
    client.tickets.update(created)
    comments = list(client.tickets.comments(265))
    equal([(one.plain_body, one.public) for one in comments], [("Hello", True), ("for agents", False)], "comments")
    audits = list(client.tickets.audits(ticket=265))
    each_once([one.audit_id for one in comments], {audits[0].id, audits[-1].id}, "audits")

with witness.check("attach", "a file uploaded by token, and fetched by its address"):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "note.txt"
        path.write_text("kept\n")
        upload = client.attachments.upload(str(path), target_name="note.txt")
        created = client.tickets(id=265)
        created.comment = Comment(body="see the file", public=False, uploads=[upload.token])
        client.tickets.update(created)
        own = list(client.tickets.comments(265))[-1].attachments[0]
        equal((own.file_name, own.size), ("note.txt", 5), "file")
        target = pathlib.Path(folder) / "fetched"
        client.attachments.download(own.id, str(target))
        files = [target] if target.is_file() else list(target.iterdir())
        equal(files[0].read_text(), "kept\n", "content")

with witness.check("users", "created, matched by address, changed, found, and deleted softly"):
    user = client.users.create(User(name="Uma", email="uma@new.example"))
    with raises(APIException, "email"):
        client.users.create(User(name="Uma again", email="uma@new.example"))
    same = client.users.create_or_update(User(name="Uma II", email="uma@new.example"))
    equal((same.id, client.users(id=user.id).name), (user.id, "Uma II"), "matched")
    equal([one.id for one in client.users.search(query="uma@new.example")], [user.id], "found")
    equal(client.users.delete(user).active, False, "active")
    equal(len(list(client.groups())), 4, "groups")
    equal(len(list(client.group_memberships())), 7, "memberships")

with witness.check("organizations", "found by external id, changed"):
    own = next(iter(client.organizations()))
    own.external_id = "ORG-1"
    client.organizations.update(own)
    equal([one.id for one in client.search(type="organization", external_id="ORG-1")], [own.id], "by external id")

with witness.check("incremental export", "by time and by cursor: every ticket that was not changed this minute"):
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    old = set(COMPANY) | set(range(15, 265))
    each_once({one.id for one in client.tickets.incremental(start_time=start)}, old, "by time")
    export = client.tickets.incremental(start_time=start, paginate_by_time=False)
    each_once([one.id for one in export], old, "by cursor")
    people = {one.id for one in client.users.incremental(start_time=start)}
    equal(len(people), 11, "people")

with witness.check("bulk", "created, changed and deleted by jobs that are waited for"):
    job = client.tickets.create([Ticket(subject=f"bulk {n}", description="b") for n in range(3)])
    done = client.job_status(id=job.id)
    while done.status not in ("completed", "failed"):
        done = client.job_status(id=job.id)
    made = [result.id for result in done.results]
    equal(len(made), 3, "created")
    tickets = list(client.tickets(ids=made))
    for ticket in tickets:
        ticket.priority = "urgent"
    job = client.tickets.update(tickets)
    while client.job_status(id=job.id).status != "completed":
        pass
    equal({ticket.priority for ticket in client.tickets(ids=made)}, {"urgent"}, "priorities")
    client.tickets.delete(list(client.tickets(ids=made)))
    equal(list(client.tickets(ids=made)), [], "left")

with witness.check("delete", "softly, listed as deleted, and restored"):
    client.tickets.delete(client.tickets(id=265))
    with raises(RecordNotFoundException, "RecordNotFound"):
        client.tickets(id=265)
    assert 265 in [one.id for one in client.tickets.deleted()]
    client.tickets.restore(265)
    equal(client.tickets(id=265).subject, "From Zenpy")

with witness.check("errors", "a closed ticket refuses; a bad token is the anonymous user"):
    closed = client.tickets(id=1)
    closed.subject = "late"
    with raises(APIException, "closed prevents ticket update"):
        client.tickets.update(closed)
    stranger = Zenpy(email="integration@example.com", token="wrong", **options)
    equal(stranger.users.me().name, "Anonymous user")
    with raises(APIException, "Couldn't authenticate you"):
        list(stranger.tickets())

witness.finish()
