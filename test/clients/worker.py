"""Reports numbered events by the Python client and writes what was accepted and rejected; see `run.ts`."""

import os
import sys
import time

from mars_events import BufferError, Mars

name, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


mars = Mars(app_id="clients", retry_max=0.3, on_rejected=lambda event, _: say(f"rejected {event['message_id']} {event['event']}"))
number = first
while number < first + count:
    try:
        mars.message(f"{name}-{number % 50}", attributes={"n": number}).event(f"E_{number}{' ' * 300 if number % 17 == 0 else ''}")
        say(f"accepted {number}")
        number += 1
    except BufferError:
        say("full")
    if number % 5 == 0:
        time.sleep(0.002)
# What an earlier process left is adopted within 5 s of silence.
if count == 0:
    time.sleep(8)
say("closed" if mars.close(20) else "left")
