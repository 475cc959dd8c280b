"""Reports an event by a log record and one by a span for each of many messages, by the SDK of OpenTelemetry; see `run.ts`."""

import sys
import time

from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

protocol, name, count, pace = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

resource = Resource.create({"service.name": "shop"})
logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(), max_queue_size=100_000))
spans = TracerProvider(resource=resource)
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=100_000))
logger = logs.get_logger("senders")
tracer = spans.get_tracer("senders")

for n in range(count):
    message = f"{name}-{n}"
    logger.emit(
        LogRecord(
            timestamp=time.time_ns(),
            event_name="order.paid",
            body="paid",
            attributes={"mars.message_id": message, "amount": n, "large": 2**53 + 1},
        )
    )
    attributes = {"messaging.message.id": message, "messaging.operation.type": "process"}
    with tracer.start_as_current_span("orders process", attributes=attributes):
        pass
    # Another program's log: no event.
    if n % 100 == 0:
        logger.emit(LogRecord(timestamp=time.time_ns(), body="just a line"))
    if pace > 0 and n % 10 == 0:
        time.sleep(pace)
flushed = logs.force_flush() and spans.force_flush()
logs.shutdown()
spans.shutdown()
sys.exit(0 if flushed else 1)
