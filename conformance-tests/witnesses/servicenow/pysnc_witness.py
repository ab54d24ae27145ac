"""PySNC, ServiceNow's own client for Python: https only, pairs of values, row counts from X-Total-Count."""

import pysnc
from pysnc.exceptions import AuthenticationException, RequestException, RoleException

from witness import COMPANY, GENERATED, PASSWORD, USER, Eye, Witness, each_once, equal, raises

witness, eye = Witness("PySNC"), Eye()
client = pysnc.ServiceNowClient(eye.base, (USER, PASSWORD))
BATCH = "/api/now/v1/batch"


def incidents(prefix, **options):
    rows = client.GlideRecord("incident", **options)
    rows.add_query("number", "STARTSWITH", prefix)
    return rows


with witness.check("list with paging", "250 incidents in pages of 40, each once, one request a page"):
    eye.forget_requests()
    rows = incidents("INC1", batch_size=40)
    rows.fields = "number,sys_id"
    rows.query()
    seen = [(str(row.number), str(row.sys_id)) for row in rows]
    each_once([number for number, _ in seen], GENERATED)
    equal([sys_id for _, sys_id in seen], sorted(sys_id for _, sys_id in seen), "order")
    asked = eye.requests("GET", "/api/now/table/incident")
    equal(len(asked), 7, "number of requests")
    for wanted in ("ORDERBYsys_id", "sysparm_display_value=all", "sysparm_suppress_pagination_header=true"):
        equal([wanted in one["query"] for one in asked], [True] * 7, f"what was sent: {wanted}")

with witness.check("list with paging", "sorted downwards, and cut off at 45 in the middle of a page"):
    rows = incidents("INC1", batch_size=20)
    rows.order_by_desc("number")
    rows.limit = 45
    rows.query()
    equal([str(row.number) for row in rows], sorted(GENERATED, reverse=True)[:45], "numbers")

with witness.check("query", "STARTSWITH, OR, IN, CONTAINS, empty and not empty, groups by ^NQ"):

    def found(narrow):
        rows = incidents("INC001")
        narrow(rows)
        rows.query()
        return [str(row.number) for row in rows]

    each_once(found(lambda rows: None), COMPANY)
    each_once(found(lambda rows: rows.add_query("state", "3")), ["INC0010004", "INC0010005"])
    each_once(
        found(lambda rows: rows.add_query("state", "3").add_or_condition("state", "8")),
        ["INC0010003", "INC0010004", "INC0010005"],
    )
    each_once(found(lambda rows: rows.add_query("state", "IN", "6,8")), ["INC0010002", "INC0010003", "INC0010012"])
    each_once(
        found(lambda rows: rows.add_query("short_description", "CONTAINS", "floor")),
        ["INC0010001", "INC0010010", "INC0010011"],
    )
    each_once(found(lambda rows: rows.add_null_query("caller_id")), ["INC0010012"])
    each_once(found(lambda rows: rows.add_not_null_query("company")), ["INC0010002", "INC0010004", "INC0010006"])
    each_once(
        found(lambda rows: rows.add_encoded_query("state=8^NQnumber=INC0010005")), ["INC0010003", "INC0010005"]
    )

with witness.check("query", "joins and related lists find the groups that have members"):
    groups = {row["group"] for row in eye.rows("sys_user_grmember", "", "group")}
    assert len(groups) == 3, groups
    related = client.GlideRecord("sys_user_group")
    related.add_rl_query("sys_user_grmember", "group", ">=1")
    related.query()
    each_once([str(row.sys_id) for row in related], groups)
    joined = client.GlideRecord("sys_user_group")
    joined.add_join_query("sys_user_grmember", join_table_field="group")
    joined.query()
    each_once([str(row.sys_id) for row in joined], groups)

with witness.check("query", "2,300 conditions on fields that do not exist go by the Batch API and are ignored"):
    eye.forget_requests()
    rows = client.GlideRecord("incident")
    rows.fields = "number"
    rows.add_query("number", "INC0010002")
    for _ in range(2_300):
        rows.add_query("AAAA", "BBBB")
    rows.query()
    equal([str(row.number) for row in rows], ["INC0010002"], "numbers")
    equal([one["path"] for one in eye.requests()], [BATCH], "paths asked")

with witness.check("dot-walk", "fields behind references, asked for and searched by"):
    rows = client.GlideRecord("incident")
    rows.fields = "number,caller_id,caller_id.user_name,company.name,assignment_group.name"
    rows.add_query("caller_id.email", "greta@boreal.example")
    rows.query()
    assert rows.next()
    equal(
        [rows.get_value(name) for name in rows.fields if name not in ("sys_id", "caller_id")],
        ["INC0010002", "greta@boreal.example", "Boreal Freight GmbH", "Network & Databases"],
        "values",
    )
    equal(rows.get_display_value("caller_id"), "Greta Holm", "display value")
    equal(str(rows.caller_id.user_name), "greta@boreal.example", "element behind the reference")
    assert not rows.next(), "a second row"

with witness.check("get", "by sys_id and by number; value and display value; what is missing is False"):
    sys_id = eye.sys_id("incident", "number=INC0010002")
    one = client.GlideRecord("incident")
    assert one.get(sys_id)
    equal((one.get_value("state"), one.get_display_value("state")), ("6", "Resolved"), "state")
    equal(one.get_value("assigned_to"), eye.record("incident", sys_id)["assigned_to"], "assigned_to")
    equal(one.get_display_value("assigned_to"), "Amara Okafor", "assigned_to shown")
    by_number = client.GlideRecord("incident")
    assert by_number.get("number", "INC0010002")
    equal(str(by_number.sys_id), sys_id, "sys_id")
    equal(client.GlideRecord("incident").get("0" * 32), False, "what is missing")
    with raises(RequestException, "Invalid table nowhere"):
        client.GlideRecord("nowhere").query()
    with raises(AuthenticationException, "User Not Authenticated"):
        pysnc.ServiceNowClient(eye.base, (USER, "wrong")).GlideRecord("incident").get(sys_id)


def insert(text, **values):
    record = client.GlideRecord("incident")
    record.initialize()
    record.short_description = text
    for name, value in values.items():
        record.set_value(name, value)
    assert record.insert(), "no sys_id came back"
    return record


with witness.check("insert", "what was written is there, what the instance derives is told, ids of one's own are kept"):
    caller = eye.sys_id("sys_user", "user_name=greta@boreal.example")
    record = insert("Zażółć 💡 'a' \"b\" & c^d", impact="1", urgency="2", caller_id=caller)
    stored = eye.record("incident", str(record.sys_id))
    equal(stored["short_description"], "Zażółć 💡 'a' \"b\" & c^d", "title")
    equal([stored[name] for name in ("impact", "urgency", "priority", "state")], ["1", "2", "2", "1"], "values")
    equal(stored["caller_id"], caller, "caller")
    equal(record.get_display_value("caller_id"), "Greta Holm", "caller shown")
    equal(record.get_value("number"), stored["number"], "number")
    own = client.GlideRecord("incident")
    own.initialize()
    own.set_new_guid_value("ABCDEF0123456789ABCDEF0123456789")
    own.short_description = "an id of its own"
    equal(str(own.insert()), "ABCDEF0123456789ABCDEF0123456789", "sys_id")
    equal(eye.record("incident", "ABCDEF0123456789ABCDEF0123456789")["short_description"], "an id of its own")

with witness.check("update", "only what changed is sent and stored; a data policy refuses in the vendor's words"):
    record = insert("before", impact="3", urgency="3", description="stays")
    sys_id = str(record.sys_id)
    before = eye.record("incident", sys_id)
    eye.forget_requests()
    record.short_description = "after"
    record.urgency = "1"
    equal(str(record.update()), sys_id, "sys_id")
    equal([one["method"] for one in eye.requests()], ["PATCH"], "methods")
    after = eye.record("incident", sys_id)
    equal([after[name] for name in ("short_description", "urgency", "priority")], ["after", "1", "3"], "values")
    equal([after[name] for name in ("description", "number", "sys_created_on")],
          [before[name] for name in ("description", "number", "sys_created_on")], "what stays")
    equal(int(after["sys_mod_count"]), int(before["sys_mod_count"]) + 1, "sys_mod_count")
    equal(record.get_value("priority"), "3", "priority told")
    record.state = "6"
    with raises(RoleException, "Data Policy Exception", "Resolution code"):
        record.update()
    equal(eye.record("incident", sys_id)["state"], "1", "state after a refused update")

with witness.check("delete", "the record is gone, and only that one"):
    _, state = eye.call("GET", "/_sandbox/state")
    record = insert("to be deleted")
    sys_id = str(record.sys_id)
    equal(record.delete(), True, "answer")
    equal(eye.record("incident", sys_id), None, "record")
    _, later = eye.call("GET", "/_sandbox/state")
    equal(later["counts"]["incident"], state["counts"]["incident"], "incidents")
    equal(client.GlideRecord("incident").get(sys_id), False, "get")

with witness.check("attach", "bytes come back as they were sent, in the list of their record alone, until deleted"):
    record = insert("with a file")
    content = bytes(range(256)) * 300 + b"\r\n\x00"
    where = record.add_attachment("dump ü.bin", content, content_type="application/x-dump")
    attachments = record.get_attachments()
    [(name, size, kind, read)] = [(one.file_name, one.size_bytes, one.content_type, one.read()) for one in attachments]
    equal((name, size, kind), ("dump ü.bin", str(len(content)), "application/x-dump"), "metadata")
    equal(read == content, True, "same bytes")
    sys_id = where.rsplit("/", 1)[1]
    one = client.Attachment("incident")
    assert one.get(sys_id)
    equal(one.as_temp_file().read() == content, True, "same bytes, streamed")
    equal(len(insert("without a file").get_attachments()), 0, "attachments of another record")
    one.delete()
    equal(client.Attachment("incident").get(sys_id), False, "get after delete")
    equal(len(record.get_attachments()), 0, "attachments after delete")

with witness.check("count", "X-Total-Count counts the whole query, whatever the page"):
    rows = incidents("INC1", batch_size=1)
    rows.add_query("number", "<=", GENERATED[-1])
    rows.query()
    equal((len(rows), rows.get_row_count()), (250, 250), "rows")
    empty = incidents("NONE")
    empty.query()
    equal((len(empty), list(empty)), (0, []), "rows of an empty list")

with witness.check("batch", "three updated and three deleted by one request each"):
    for nth in range(3):
        insert(f"batch {nth}", correlation_id="batch-witness")
    rows = client.GlideRecord("incident")
    rows.add_query("correlation_id", "batch-witness")
    rows.query()
    for row in rows:
        row.short_description = f"{row.short_description} updated"
    eye.forget_requests()
    equal(rows.update_multiple(), True, "all updated")
    equal([(one["method"], one["path"]) for one in eye.requests()], [("POST", BATCH)], "requests")
    stored = eye.rows("incident", "correlation_id=batch-witness", "short_description")
    each_once([row["short_description"] for row in stored], [f"batch {nth} updated" for nth in range(3)])
    rows = client.GlideRecord("incident")
    rows.add_query("correlation_id", "batch-witness")
    equal(rows.delete_multiple(), True, "all deleted")
    equal(eye.rows("incident", "correlation_id=batch-witness", "sys_id"), [], "rows left")

with witness.check("batch", "what the instance leaves unserviced is sent again, and an inner refusal is seen"):
    for nth in range(3):
        insert(f"unserviced {nth}", correlation_id="unserviced-witness")
    eye.call("PUT", "/_sandbox/faults", {"faults": [{"name": "batch_unserviced", "count": 1, "parameter": 1}]})
    rows = client.GlideRecord("incident")
    rows.add_query("correlation_id", "unserviced-witness")
    rows.query()
    for row in rows:
        row.urgency = "1"
    eye.forget_requests()
    equal(rows.update_multiple(), True, "all updated")
    equal(len(eye.requests("POST", BATCH)), 2, "batches sent")
    eye.call("DELETE", "/_sandbox/faults")
    stored = eye.rows("incident", "correlation_id=unserviced-witness", "urgency")
    equal([row["urgency"] for row in stored], ["1"] * 3, "urgencies")
    for row in rows:
        row.state = "6"
    equal(rows.update_multiple(), False, "updates that a data policy refuses")

witness.finish()
