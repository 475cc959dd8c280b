"""Sends events in binary and structured mode by the SDK of CloudEvents; see `run.ts`."""

import json
import sys
import urllib.request

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

url, key, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])

for n in range(count):
    event = CloudEvent(
        attributes={
            "id": str(n),
            "source": "https://shop.example.com/Zürich €",
            "type": "order.paid",
            "subject": f"{name}-{n // 2}",
            "datacontenttype": "application/json",
            "specversion": "1.0",
        },
        data={"amount": n},
    )
    message = to_binary_event(event) if n % 2 == 0 else to_structured_event(event)
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(url, data=message.body, headers=headers, method="POST")
    with urllib.request.urlopen(request) as response:
        assert json.load(response)["success"] is True
