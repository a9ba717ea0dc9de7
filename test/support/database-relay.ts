import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to the database that can be cut, also between a statement and its answer. */
export class Relay {
  /** Lets nobody through. */
  refuse = false;
  /** Lets the next statement with this text through, and cuts the connection instead of handing back its answer. */
  loseAnswersTo: string | null = null;
  /** How many answers were lost so. */
  lost = 0;
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, server: Server, sockets: Set<Socket>) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async to(target: string): Promise<Relay> {
    const url = new URL(target);
    const [host, port] = [url.hostname, Number(url.port)];
    const sockets = new Set<Socket>();
    const server = createServer((inner) => relay.#accept(inner, connect(port, host)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    url.host = `127.0.0.1:${address.port}`;
    const relay = new Relay(url.href, server, sockets);
    return relay;
  }

  #accept(inner: Socket, outer: Socket): void {
    const end = () => {
      inner.destroy();
      outer.destroy();
    };
    for (const socket of [inner, outer]) {
      this.#sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    if (this.refuse) {
      end();
      return;
    }
    let losing = false;
    inner.on("data", (data) => {
      if (this.loseAnswersTo !== null && data.includes(this.loseAnswersTo)) {
        this.loseAnswersTo = null;
        losing = true;
      }
      outer.write(data);
    });
    outer.on("data", (data) => {
      if (!losing) inner.write(data);
      else {
        this.lost += 1;
        end();
      }
    });
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
