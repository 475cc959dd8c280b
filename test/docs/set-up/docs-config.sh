# The rule that `mars apply` changes, and its sink.
curl -sS -X PUT -H 'Content-Type: application/json' http://127.0.0.1:4000/api/alerts/sinks/chat -d '{"type": "webhook", "url": "http://127.0.0.1:8080/"}' &&
  curl -sS -X PUT -H 'Content-Type: application/json' http://127.0.0.1:4000/api/alerts/rules/stuck -d '{"app_id": "shop", "at_least": 2, "sinks": ["chat"]}'
