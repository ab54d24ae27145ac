"""Reads every issue with jira (pycontribs); argv: base URL, fields by commas, page size. Prints count and seconds."""

import sys
import time

from jira import JIRA

url, fields, size = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
# The third version of the API is the one that sends texts as documents.
options = {"server": url, "rest_api_version": "3"}

begun = time.monotonic()
client = JIRA(options=options, basic_auth=("admin", "admin"))
count, token = 0, None
while True:
    page = client.enhanced_search_issues("project = HELP ORDER BY id ASC", nextPageToken=token, maxResults=size, fields=fields)
    count += len(page)
    token = page.nextPageToken
    if not token:
        break
print(count, time.monotonic() - begun)
