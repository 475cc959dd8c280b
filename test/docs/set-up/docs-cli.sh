# An order that is overdue, events to send, and a key for the profile.
curl -sS -X PUT -H 'Content-Type: application/json' http://127.0.0.1:4000/api/apps/shop/lifecycle -d '{
  "stages": [{"event": "created"}, {"event": "packed", "after": "created", "within": "1s"}], "complete_on": ["packed"]}'
mars send --app shop --message order-4711 --event created --attributes total=12.5
mars send --app shop --message order-1 --event created
printf '{"app_id":"shop","message_id":"order-%s","event":"PAID"}\n' 2 3 4 > events.ndjson
until mars stuck --app shop --json | grep -q order-4711; do sleep 0.2; done
mars keys create --kind ad --apps '*' --name prod --json | jq -r .token > prod.key
export MARS_URL=http://127.0.0.1:4000 MARS_KEY_FILE=$PWD/prod.key
