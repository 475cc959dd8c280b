"""The client against a server that answers as each test says; `npm run test:clients` has the real one."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from mars_events import BufferError, Mars


def accepted(events):
    return 200, {}, {"success": True, "accepted": len(events), "rejected": 0}


def status(code, body=None, **headers):
    return lambda _: (code, headers, body)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        events = [json.loads(line) for line in body.splitlines()]
        server = self.server
        server.requests.append((events, self.headers.get("authorization"), time.monotonic()))
        answer = server.answers.pop(0) if len(server.answers) > 1 else (server.answers or [accepted])[0]
        code, headers, content = answer(events)
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_):
        pass


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.requests, self.server.answers = [], []
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.directory = tempfile.mkdtemp(prefix="mars-buffer-")
        self.rejections = []

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.directory)

    def open(self, *answers, **options):
        self.server.answers[:] = answers
        reject = lambda event, problems: self.rejections.append((event["event"], problems))
        return Mars(**{"url": self.url, "app_id": "shop", "on_rejected": reject, **options})

    def received(self):
        return [event["event"] for events, *_ in self.server.requests for event in events]

    def until(self, condition, seconds=15):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_an_event_has_its_message_the_context_an_id_and_a_time(self):
        mars = self.open(key="k", attributes={"region": "eu"})
        order = mars.message("order-1", attributes={"total": 1}, external_id="SAP-1")
        event_id = order.event("paid", attributes={"total": 2}, parent_id="cart", traceparent="00-a-b-01")
        self.assertTrue(mars.close())
        events, key, _ = self.server.requests[0]
        self.assertTrue(events[0].pop("created_at").endswith("+00:00"))
        expected = {"app_id": "shop", "message_id": "order-1", "event": "paid", "event_id": event_id, "external_id": "SAP-1"}
        self.assertEqual(events[0], {**expected, "parent_id": "cart", "traceparent": "00-a-b-01", "attributes": {"region": "eu", "total": 2}})
        self.assertEqual(key, "Bearer k")

    def test_no_batch_is_larger_than_its_bound(self):
        mars = self.open()
        threads = [threading.Thread(target=lambda: [mars.message("m").event("E") for _ in range(600)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(mars.close())
        self.assertEqual(len(self.received()), 2_400)
        self.assertLessEqual(max(len(events) for events, *_ in self.server.requests), 1_000)

    def test_a_busy_server_gets_the_same_event_id_again_after_retry_after(self):
        errors = []
        busy = status(429, {"success": False, "detail": "busy"}, retry_after="1")
        mars = self.open(busy, status(503), accepted, on_error=lambda error: errors.append(str(error)))
        mars.message("m").event("paid")
        self.until(lambda: mars.counts["delivered"] == 1)
        self.assertEqual(len({events[0]["event_id"] for events, *_ in self.server.requests}), 1)
        self.assertGreaterEqual(self.server.requests[1][2] - self.server.requests[0][2], 0.99)
        self.assertEqual(errors, ["Mars answered 429 busy", "Mars answered 503 null"])
        self.assertTrue(mars.close())
        self.assertEqual(mars.counts, {"accepted": 1, "refused": 0, "delivered": 1, "rejected": 0, "failed": 2})

    def test_an_event_that_mars_rejects_is_reported_once_and_never_sent_again(self):
        problem = {"field": "event", "message": "bad"}
        mars = self.open(status(207, {"success": False, "rejected": 1, "errors": [{"index": 1, **problem}]}))
        for name in "abc":
            mars.message("m").event(name)
        self.assertTrue(mars.close())
        self.assertEqual(self.rejections, [("b", [problem])])
        self.assertEqual((self.received(), mars.counts["delivered"]), (["a", "b", "c"], 2))

    def test_where_mars_lists_only_some_rejections_the_events_behind_them_are_sent_again(self):
        errors = [{"index": index, "field": "x", "message": ""} for index in (0, 1)]
        mars = self.open(status(422, {"success": False, "rejected": 3, "errors": errors}), accepted)
        for name in "abc":
            mars.message("m").event(name)
        self.assertTrue(mars.close())
        self.assertEqual(([name for name, _ in self.rejections], self.received()), (["a", "b"], ["a", "b", "c", "c"]))

    def test_a_body_that_is_too_large_is_halved_down_to_the_one_event_that_is_rejected(self):
        mars = self.open(lambda events: (413, {}, None) if "c" in [e["event"] for e in events] else accepted(events))
        for name in "abcd":
            mars.message("m").event(name)
        self.assertTrue(mars.close())
        self.assertEqual(([name for name, _ in self.rejections], mars.counts["delivered"]), (["c"], 3))

    def test_a_wrong_key_and_a_redirect_lose_nothing(self):
        mars = self.open(status(401), status(403), status(302, location="/"), accepted)
        mars.message("m").event("paid")
        self.until(lambda: mars.counts["delivered"] == 1)
        self.assertEqual(mars.counts["failed"], 3)
        self.assertTrue(mars.close())

    def test_a_full_buffer_refuses_the_event_and_says_so(self):
        for directory in (None, self.directory):
            mars = self.open(status(503), buffer_dir=directory, buffer_bytes_max=500)
            with self.assertRaises(BufferError):
                for _ in range(10):
                    mars.message("m").event("paid")
            self.assertEqual(mars.counts["refused"], 1)
            self.assertFalse(mars.close(0.1))

    def test_what_is_no_event_is_refused_at_the_call(self):
        mars = self.open()
        for wrong in ({"message_id": ""}, {"attributes": {"n": float("nan")}}):
            with self.assertRaises(ValueError):
                mars.message(wrong.get("message_id", "m")).event("paid", attributes=wrong.get("attributes"))
        self.assertTrue(mars.close())

    def test_what_close_could_not_send_the_next_client_sends_and_leaves_no_file(self):
        first = self.open(status(503), buffer_dir=self.directory)
        first.message("m").event("paid")
        self.assertFalse(first.close(0.1))
        with open(os.path.join(self.directory, "torn.ndjson"), "w") as file:
            file.write('{"event":"whole"}\n{"event":"ha')
        for name in os.listdir(self.directory):
            os.utime(os.path.join(self.directory, name), (0, 0))
        self.server.requests.clear()
        mars = self.open(buffer_dir=self.directory)
        self.assertTrue(mars.close())
        self.assertEqual((sorted(self.received()), os.listdir(self.directory)), (["paid", "whole"], []))

    def test_the_files_of_a_running_process_are_left_to_it_those_of_a_killed_one_are_sent(self):
        code = "from mars_events import Mars\nMars(url='http://127.0.0.1:9', app_id='s').message('m').event('paid')\nprint(flush=True)\ninput()"
        environment = {**os.environ, "MARS_BUFFER_DIR": self.directory}
        with subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            mars = self.open(buffer_dir=self.directory)
            time.sleep(7)
            self.assertEqual(self.received(), [])
            child.send_signal(signal.SIGKILL)
        self.until(lambda: self.received() == ["paid"])
        self.assertTrue(mars.close())
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_process_that_ends_by_itself_sends_what_it_and_its_child_have(self):
        code = f"""import os
from mars_events import Mars
mars = Mars(url={self.url!r}, app_id='s')
mars.message('m').event('parent')
if os.fork() == 0:
    mars.message('m').event('child')
else:
    os.wait()
"""
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "MARS_BUFFER_DIR": self.directory})
        self.assertEqual((sorted(self.received()), os.listdir(self.directory)), (["child", "parent"], []))


if __name__ == "__main__":
    unittest.main()
