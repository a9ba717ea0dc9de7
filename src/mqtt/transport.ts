import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import WebSocket, { createWebSocketStream } from "ws";
import type { BrokerAddress } from "./broker-url.js";

/** Begins to connect to the address over TCP, TLS or a WebSocket; what is written meanwhile is sent later. */
export function openTransport({ protocol, host, port, path }: BrokerAddress): Duplex {
  switch (protocol) {
    case "mqtt":
      return connectTcp({ host, port, noDelay: true });
    case "mqtts":
      return connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }).setNoDelay(true);
    case "ws":
    case "wss": {
      const websocket = new WebSocket(
        `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`,
        ["mqtt"],
      );
      const stream = createWebSocketStream(websocket);
      websocket.on("close", () => stream.destroy());
      return stream;
    }
  }
}
