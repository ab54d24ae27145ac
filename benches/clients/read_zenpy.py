"""Reads every ticket with Zenpy; argv: base URL, nothing, page size. Prints count and seconds."""

import os
import sys
import time
import urllib.parse

# It asks `https://SUBDOMAIN.DOMAIN`, unless this says otherwise.
os.environ["ZENPY_FORCE_SCHEME"] = "http"

from zenpy import Zenpy  # noqa: E402

subdomain, domain = urllib.parse.urlsplit(sys.argv[1]).netloc.split(".", 1)
size = int(sys.argv[3])
sideloads = ["users", "groups", "organizations", "metric_sets"]

begun = time.monotonic()
client = Zenpy(oauth_token="sandbox-bearer", subdomain=subdomain, domain=domain)
count = sum(1 for _ in client.tickets(cursor_pagination=size, sort="id", include=sideloads))
print(count, time.monotonic() - begun)
