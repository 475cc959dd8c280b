"""Tracks calls by Segment's library; see `run.ts`."""

import sys

from segment import analytics

url, key, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
failed = []
analytics.write_key = key
analytics.host = url
analytics.on_error = lambda error, _: failed.append(error)

for n in range(count):
    analytics.track("u-1", "Order Completed", {"order_id": f"{name}-{n}", "total": 27.5})
analytics.identify("u-1", {"plan": "free"})
analytics.flush()
analytics.shutdown()
if failed:
    sys.exit(str(failed[0]))
