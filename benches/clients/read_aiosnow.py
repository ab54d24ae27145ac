"""Reads every incident with aiosnow; argv: base URL, fields by commas, page size. Prints count and seconds."""

import asyncio
import sys
import time

from aiosnow import Client, fields
from aiosnow.models import TableModel

url, size = sys.argv[1], int(sys.argv[3])
# A field over a reference has no place beside the reference itself.
names = [name for name in sys.argv[2].split(",") if "." not in name]


async def read():
    model = type("Incident", (TableModel,), {name: fields.String() for name in names})
    client = Client(url.split("//")[1], basic_auth=("admin", "admin"), use_ssl=False)
    count = 0
    async with model(client, table_name="incident") as incidents:
        async for _ in incidents.stream(limit=10_000_000, page_size=size):
            count += 1
    return count


begun = time.monotonic()
count = asyncio.run(read())
print(count, time.monotonic() - begun)
