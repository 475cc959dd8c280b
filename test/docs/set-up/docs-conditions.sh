# The sink that the rules name.
curl -sS -X PUT -H 'Content-Type: application/json' http://127.0.0.1:4000/api/alerts/sinks/ops -d '{"type": "webhook", "url": "http://127.0.0.1:8080/"}'
