import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { Connection } from "@platformatic/kafka";
import "../../src/brokers/kafka/kafka-options.ts";

test("a connection of Kafka that fails more than once ends nothing but itself", async () => {
  await using server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const connection = new Connection("test", { connectTimeout: 2_000 });
  try {
    await connection.connect("127.0.0.1", port);
  } catch {
    // It is closed at once, before or after it is known as connected.
  }
  // As its pool has it: nobody but `kafka-options.ts` listens any more.
  expect(() => connection.emit("error", new Error("once more"))).not.toThrow();
  await connection.close();
});
