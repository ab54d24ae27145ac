"""Reads every incident with PySNC; argv: base URL, fields by commas, page size. Prints count and seconds."""

import sys
import time

import pysnc.client

# PySNC refuses http, which a loopback sandbox may well speak; nothing else of it is touched.
pysnc.client.get_instance = lambda instance: instance.rstrip("/")
url, fields, size = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])

begun = time.monotonic()
record = pysnc.client.ServiceNowClient(url, ("admin", "admin")).GlideRecord("incident", size, rewindable=False)
record.fields = fields
record.order_by("number")
record.query()
count = sum(1 for _ in record)
print(count, time.monotonic() - begun)
