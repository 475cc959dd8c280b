# A broker of each kind, without users, in the directory of the document. They end with its session.
nats-server -js -sd "$PWD/nats" -a 127.0.0.1 -p $(echo :4222 | tr -d :) > nats.log 2>&1 &
export NATS_URL=nats://127.0.0.1:4222
until nats account info > nats.info 2>&1; do sleep 0.1; done
redis-server --bind 127.0.0.1 --save "" --port $(echo :6379 | tr -d :) > redis.log 2>&1 &
until redis-cli -u redis://127.0.0.1:6379 PING > redis.info 2>&1; do sleep 0.1; done
