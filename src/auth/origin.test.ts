import { describe, expect, test } from "vitest";
import { hostIsLocal, originAllowed } from "./origin.js";

describe("a page may call", () => {
  const ALLOWED = ["https://mes.example.com"];
  test.each<[string, string | undefined, string | undefined, boolean]>([
    ["a program, which has no origin", undefined, "server:4000", true],
    ["the server's own page", "http://server:4000", "server:4000", true],
    ["the server's own page behind TLS", "https://server", "server", true],
    ["a page that is allowed", "https://mes.example.com", "server:4000", true],
    ["another page", "https://evil.example", "server:4000", false],
    ["a page on another port of the server", "http://server:3000", "server:4000", false],
    ["a page whose name begins like the server's", "http://server:4000.evil.example", "server:4000", false],
    ["a page whose name begins like an allowed one", "https://mes.example.com.evil.example", "s", false],
    ["an allowed page over plain HTTP", "http://mes.example.com", "server", false],
    ["a page of no origin, such as a sandboxed frame", "null", "server:4000", false],
    ["an empty origin", "", "server:4000", false],
    ["nonsense", "server:4000", "server:4000", false],
    ["a page, when nobody says which host was asked", "http://server", undefined, false],
  ])("%s", (_, origin, host, wanted) => {
    expect(originAllowed(origin, host, ALLOWED)).toBe(wanted);
  });
});

describe("a host is this machine", () => {
  test.each<[string | undefined, boolean]>([
    ["localhost", true],
    ["localhost:4000", true],
    ["127.0.0.1:4000", true],
    ["127.8.8.8", true],
    ["[::1]:4000", true],
    ["[::1]", true],
    ["evil.example", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example:4000", false],
    ["192.168.1.5:4000", false],
    ["0.0.0.0:4000", false],
    ["", false],
    [undefined, false],
  ])("%s: %s", (host, wanted) => {
    expect(hostIsLocal(host)).toBe(wanted);
  });
});
