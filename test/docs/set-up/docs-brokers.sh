# A broker of each kind, without users, in the directory of the document. They end with its session.
nats-server -js -sd "$PWD/nats" -a 127.0.0.1 -p $(echo :4222 | tr -d :) > nats.log 2>&1 &
export NATS_URL=nats://127.0.0.1:4222
until nats account info > nats.info 2>&1; do sleep 0.1; done
redis-server --bind 127.0.0.1 --save "" --port $(echo :6379 | tr -d :) > redis.log 2>&1 &
until redis-cli -u redis://127.0.0.1:6379 PING > redis.info 2>&1; do sleep 0.1; done
# A node of its own, with all that it writes here; not the wrapper of Debian, which becomes another user.
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$(echo :4369 | tr -d :)
epmd -port "$ERL_EPMD_PORT" > epmd.log 2>&1 &
mkdir rabbit
echo '[rabbitmq_management].' > rabbit/plugins
printf '%s\n' 'listeners.tcp.1 = 127.0.0.1:5672' 'management.tcp.ip = 127.0.0.1' \
  "management.tcp.port = $(echo :15672 | tr -d :)" 'management_agent.disable_metrics_collector = true' > rabbit/rabbitmq.conf
RABBITMQ_NODENAME=mars-docs@localhost RABBITMQ_DIST_PORT=$(echo :25672 | tr -d :) RABBITMQ_CONFIG_FILE=$PWD/rabbit/rabbitmq.conf \
  RABBITMQ_MNESIA_BASE=$PWD/rabbit/mnesia RABBITMQ_LOG_BASE=$PWD/rabbit RABBITMQ_PID_FILE=$PWD/rabbit/pid \
  RABBITMQ_ENABLED_PLUGINS_FILE=$PWD/rabbit/plugins HOME=$PWD/rabbit \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
  /usr/lib/rabbitmq/bin/rabbitmq-server > rabbit/out 2>&1 &
rabbitmqadmin() { command rabbitmqadmin --host 127.0.0.1 --port "$(echo :15672 | tr -d :)" "$@"; }
until rabbitmqadmin list queues > rabbit/info 2>&1; do sleep 0.2; done
