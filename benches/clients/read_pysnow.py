"""Reads every incident with pysnow; argv: base URL, fields by commas, page size. Prints count and seconds."""

import sys
import time

import pysnow

url, fields, size = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])

begun = time.monotonic()
client = pysnow.Client(host=url.split("//")[1], user="admin", password="admin", use_ssl=False)
incidents = client.resource(api_path="/table/incident")
incidents.parameters.display_value = "all"
incidents.parameters.exclude_reference_link = True
count = 0
while True:
    # It has no paging of its own.
    page = incidents.get(query="ORDERBYnumber^ORDERBYsys_id", fields=fields, limit=size, offset=count).all()
    count += len(page)
    if len(page) < size:
        break
print(count, time.monotonic() - begun)
