/** A thread that maps deliveries. */
import { createMappingService } from "./mapping-service.ts";
import { serveThread } from "./thread.ts";

serveThread(createMappingService);
