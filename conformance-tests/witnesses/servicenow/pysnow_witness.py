"""pysnow: plain values, booleans with a capital, empty parameters, and every parameter repeated on POST, PUT and DELETE."""

import base64
import json
import os
import pathlib
import tempfile
import urllib.parse
from datetime import datetime

import pysnow
from pysnow.exceptions import MultipleResults, NoResults
from requests.exceptions import HTTPError

from witness import COMPANY, GENERATED, PASSWORD, USER, Eye, Witness, each_once, equal, raises

witness, eye = Witness("pysnow"), Eye()
client = pysnow.Client(host=eye.host, user=USER, password=PASSWORD, use_ssl=False)
incidents = client.resource(api_path="/table/incident")


def numbers(response):
    return [row["number"] for row in response.all()]


def sent(request):
    """The parameters of a recorded request, empty ones included."""
    return dict(urllib.parse.parse_qsl(request["query"], keep_blank_values=True))


with witness.check("list with paging", "250 incidents by offset and limit, each once"):
    eye.forget_requests()
    query = f"numberSTARTSWITHINC1^number<={GENERATED[-1]}^ORDERBYsys_id"
    pages = [numbers(incidents.get(query=query, limit=60, offset=offset)) for offset in range(0, 300, 60)]
    equal([len(page) for page in pages], [60, 60, 60, 60, 10], "rows a page")
    each_once(sum(pages, []), GENERATED)
    # What makes this client odd did reach the sandbox.
    for one in eye.requests("GET", "/api/now/table/incident"):
        for name, value in {
            "sysparm_display_value": "False",
            "sysparm_suppress_pagination_header": "False",
            "sysparm_exclude_reference_link": "False",
            "sysparm_view": "",
        }.items():
            equal(sent(one).get(name), value, name)

with witness.check("list with paging", "250 incidents in one streamed answer, each once, in order"):
    rows = incidents.get(query=f"numberSTARTSWITHINC1^number<={GENERATED[-1]}^ORDERBYnumber", stream=True)
    equal(numbers(rows), GENERATED, "numbers")
    equal(incidents.get(query="number=INC0010003", stream=True).first()["state"], "8", "state of the first")
    with raises(NoResults):
        incidents.get(query="number=NONE", stream=True).first()

with witness.check("query", "its builder: starts with, one of several, or, empty, moments in the user's zone"):

    def built(build):
        return numbers(incidents.get(query=build(pysnow.QueryBuilder().field("number").starts_with("INC001"))))

    each_once(built(lambda query: query), COMPANY)
    each_once(built(lambda query: query.AND().field("state").equals("3")), ["INC0010004", "INC0010005"])
    each_once(
        built(lambda query: query.AND().field("state").equals(["3", "8"])), ["INC0010003", "INC0010004", "INC0010005"]
    )
    each_once(
        built(lambda query: query.AND().field("state").equals("3").OR().field("state").equals("8")),
        ["INC0010003", "INC0010004", "INC0010005"],
    )
    each_once(built(lambda query: query.AND().field("caller_id").is_empty()), ["INC0010012"])
    each_once(
        built(lambda query: query.AND().field("short_description").contains("floor")),
        ["INC0010001", "INC0010010", "INC0010011"],
    )
    opened = eye.rows("incident", "numberSTARTSWITHINC001^ORDERBYopened_at", "number,opened_at")
    moment = datetime.strptime(opened[6]["opened_at"], "%Y-%m-%d %H:%M:%S")
    later = [row["number"] for row in opened if row["opened_at"] > opened[6]["opened_at"]]
    assert later, opened
    # gs.dateGenerate in the zone of the user, who has none of their own: the instance's, GMT.
    each_once(built(lambda query: query.AND().field("opened_at").greater_than(moment)), later)

with witness.check("query", "a dictionary, and empty parameters beside a query change nothing"):
    each_once(numbers(incidents.get(query={"number": "INC0010005", "active": "true"})), ["INC0010005"])
    each_once(numbers(incidents.get(query={"number": "INC0010005", "active": "false"})), [])
    equal(len(numbers(incidents.get(query={}, limit=7))), 7, "rows without a query")

with witness.check("dot-walk", "fields behind references, asked for and searched by; a reference is a link and a value"):
    fields = ["number", "caller_id", "caller_id.user_name", "company.name", "assignment_group.name"]
    row = incidents.get(query={"caller_id.email": "greta@boreal.example"}, fields=fields).one()
    equal(sorted(row), sorted(fields), "fields")
    equal(
        [row[name] for name in fields if name != "caller_id"],
        ["INC0010002", "greta@boreal.example", "Boreal Freight GmbH", "Network & Databases"],
        "values",
    )
    caller = eye.sys_id("sys_user", "user_name=greta@boreal.example")
    equal(row["caller_id"]["value"], caller, "caller")
    assert row["caller_id"]["link"].endswith(f"/api/now/table/sys_user/{caller}"), row["caller_id"]

with witness.check("get", "one record, one or none, display values, pairs; an unknown table and a bad password are errors"):
    equal(incidents.get(query={"number": "INC0010002"}).one()["state"], "6", "state")
    equal(incidents.get(query={"number": "NONE"}).one_or_none(), None, "none")
    with raises(MultipleResults):
        incidents.get(query="numberSTARTSWITHINC001").one()
    shown = client.resource(api_path="/table/incident")
    shown.parameters.display_value = True
    equal(shown.get(query={"number": "INC0010002"}).one()["state"], "Resolved", "state shown")
    shown.parameters.display_value = "all"
    shown.parameters.exclude_reference_link = True
    row = shown.get(query={"number": "INC0010002"}).one()
    equal(row["state"], {"display_value": "Resolved", "value": "6"}, "state in pairs")
    equal(row["assigned_to"]["display_value"], "Amara Okafor", "assigned_to in pairs")
    equal(sorted(row["assigned_to"]), ["display_value", "value"], "a reference without its link")
    with raises(HTTPError, "400"):
        client.resource(api_path="/table/nowhere").get(query={}).all()
    with raises(HTTPError, "401"):
        pysnow.Client(host=eye.host, user=USER, password="wrong", use_ssl=False).resource(
            api_path="/table/incident"
        ).get(query={}).all()

with witness.check("insert", "what was written is there, though every parameter of a listing comes along with the POST"):
    numbers(incidents.get(query="numberSTARTSWITHINC001", limit=5))
    eye.forget_requests()
    caller = eye.sys_id("sys_user", "user_name=greta@boreal.example")
    title = "Zażółć 💡 'a' \"b\" & c^d"
    row = incidents.create(
        payload={"short_description": title, "impact": "1", "urgency": "2", "caller_id": caller}
    ).one()
    [request] = eye.requests("POST", "/api/now/table/incident")
    repeated = [sent(request)[name] for name in ("sysparm_query", "sysparm_limit", "sysparm_fields", "sysparm_view")]
    equal(repeated, ["numberSTARTSWITHINC001", "5", "", ""], "what came along")
    stored = eye.record("incident", row["sys_id"])
    equal(stored["short_description"], title, "title")
    equal([stored[name] for name in ("impact", "urgency", "priority", "state")], ["1", "2", "2", "1"], "values")
    equal(row["caller_id"]["value"], caller, "caller told")
    equal(row["number"], stored["number"], "number told")

with witness.check("update", "one record found by a query, by PUT: what is not named stays; a data policy refuses"):
    made = incidents.create(payload={"short_description": "before", "description": "stays", "urgency": "3"}).one()
    eye.forget_requests()
    row = incidents.update(
        query={"number": made["number"]}, payload={"short_description": "after", "urgency": "1"}
    ).one()
    equal([one["method"] for one in eye.requests("PUT")], ["PUT"], "methods")
    stored = eye.record("incident", made["sys_id"])
    equal([row[name] for name in ("short_description", "urgency", "priority")], ["after", "1", "3"], "told")
    equal([stored[name] for name in ("short_description", "urgency", "description")], ["after", "1", "stays"], "stored")
    equal(int(stored["sys_mod_count"]), int(made["sys_mod_count"]) + 1, "sys_mod_count")
    with raises(HTTPError, "403"):
        incidents.update(query={"number": made["number"]}, payload={"state": "6"}).one()
    equal(eye.record("incident", made["sys_id"])["state"], "1", "state after a refused update")

with witness.check("delete", "one record found by a query is gone; what is not there is an error"):
    made = incidents.create(payload={"short_description": "to be deleted"}).one()
    equal(incidents.delete(query={"number": made["number"]}), {"status": "record deleted"}, "answer")
    equal(eye.record("incident", made["sys_id"]), None, "record")
    with raises(NoResults):
        incidents.delete(query={"number": made["number"]})

with witness.check("attach", "bytes come back as they were sent, in the list of their record alone, until deleted"):
    made = incidents.create(payload={"short_description": "with a file"}).one()
    content = bytes(range(256)) * 300 + b"\r\n\x00"
    folder = tempfile.mkdtemp()
    path = pathlib.Path(folder, "dump.bin")
    path.write_bytes(content)
    told = incidents.attachments.upload(sys_id=made["sys_id"], file_path=str(path), name="dump ü.bin").one()
    equal((told["file_name"], told["size_bytes"]), ("dump ü.bin", str(len(content))), "metadata")
    files = client.resource(api_path="/table/incident").attachments
    listed = files.get(sys_id=made["sys_id"])
    equal([one["sys_id"] for one in listed], [told["sys_id"]], "attachments of the record")
    loaded = client.resource(api_path="/attachment").request("GET", path_append=f"/{told['sys_id']}/file")
    equal(loaded._response.content == content, True, "same bytes")
    equal(files.get(sys_id=eye.sys_id("incident", "number=INC0010001")), [], "attachments of another record")
    # This client keeps the parameters of an upload, and sends them with every listing that follows.
    eye.forget_requests()
    each_once(numbers(incidents.get(query="numberSTARTSWITHINC001")), COMPANY)
    equal([sent(one).get("file_name") for one in eye.requests("GET")], ["dump ü.bin"], "what came along")
    with raises(HTTPError, "400"):
        files.upload(sys_id=made["sys_id"], file_path=str(path), multipart=True).one()
    files.delete(sys_id=told["sys_id"])
    equal(files.get(sys_id=made["sys_id"]), [], "attachments after delete")
    os.unlink(path)
    os.rmdir(folder)

with witness.check("count", "by the Aggregate API, with the parameters of a listing beside its own"):
    stats = client.resource(api_path="/stats/incident")
    stats.parameters.add_custom({"sysparm_count": "true"})
    row = stats.get(query=f"numberSTARTSWITHINC1^number<={GENERATED[-1]}").one()
    equal(row, {"stats": {"count": "250"}}, "answer")
    stats.parameters.add_custom({"sysparm_group_by": "state"})
    groups = stats.get(query="numberSTARTSWITHINC001").all()
    counts = {group["groupby_fields"][0]["value"]: group["stats"]["count"] for group in groups}
    equal(counts, {"1": "2", "2": "3", "3": "2", "6": "2", "7": "2", "8": "1"}, "incidents by state")
    counted = incidents.get(query=f"numberSTARTSWITHINC1^number<={GENERATED[-1]}", limit=1)
    equal((counted.headers["X-Total-Count"], len(counted.all())), ("250", 1), "X-Total-Count of a page of one")

with witness.check("batch", "it has no call for it; by its call for any API, an insert and a listing in one request"):
    body = base64.b64encode(json.dumps({"short_description": "from a batch"}).encode()).decode()
    accept = [{"name": "Accept", "value": "application/json"}, {"name": "Content-Type", "value": "application/json"}]
    requests = [
        {"id": "1", "method": "POST", "url": "/api/now/table/incident", "headers": accept, "body": body},
        {"id": "2", "method": "GET", "url": "/api/now/table/incident?sysparm_query=number=INC0010002", "headers": accept},
        {"id": "3", "method": "GET", "url": f"/api/now/table/incident/{'0' * 32}", "headers": accept},
    ]
    answer = client.resource(api_path="/v1/batch").request(
        "POST", data=json.dumps({"batch_request_id": "7", "rest_requests": requests})
    )
    answer = answer._response.json()
    equal((answer["batch_request_id"], answer["unserviced_requests"]), ("7", []), "batch")
    equal([(one["id"], one["status_code"]) for one in answer["serviced_requests"]], [("1", 201), ("2", 200), ("3", 404)])
    inserted, listed = (json.loads(base64.b64decode(one["body"]))["result"] for one in answer["serviced_requests"][:2])
    equal(eye.record("incident", inserted["sys_id"])["short_description"], "from a batch", "title")
    equal([row["number"] for row in listed], ["INC0010002"], "numbers")

witness.finish()
