"""Reads every issue with atlassian-python-api; argv: base URL, fields by commas, page size. Prints count and seconds."""

import sys
import time

from atlassian import Jira

url, fields, size = sys.argv[1], sys.argv[2], int(sys.argv[3])

begun = time.monotonic()
client = Jira(url=url, username="admin", password="admin", cloud=True)
count, token = 0, None
while True:
    page = client.enhanced_jql("project = HELP ORDER BY id ASC", fields=fields, nextPageToken=token, limit=size)
    count += len(page["issues"])
    token = page.get("nextPageToken")
    if not token:
        break
print(count, time.monotonic() - begun)
