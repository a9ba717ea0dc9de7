import { describe, expect, test } from "vitest";
import { HostState, hostIdProblem, stateOf } from "./host-state.js";

const T = 1_764_000_000_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const state = (online: boolean, timestamp: number) => bytes(JSON.stringify({ online, timestamp }));

/** A host that is online with the timestamp T. */
function online(): HostState {
  const host = new HostState({ hostId: "scada" });
  host.connecting(T);
  host.birth();
  return host;
}

describe("what a host says of itself", () => {
  test.each([
    "tck-id-host-topic-phid-death-payload",
    "tck-id-host-topic-phid-death-payload-timestamp-connect",
    "tck-id-host-topic-phid-death-qos",
    "tck-id-host-topic-phid-death-retain",
    "tck-id-host-topic-phid-death-topic",
    "tck-id-operational-behavior-host-application-connect-will-payload",
    "tck-id-operational-behavior-host-application-connect-will-qos",
    "tck-id-operational-behavior-host-application-connect-will-retained",
    "tck-id-operational-behavior-host-application-connect-will-topic",
    "tck-id-payloads-state-will-message",
    "tck-id-payloads-state-will-message-payload",
    "tck-id-payloads-state-will-message-qos",
    "tck-id-payloads-state-will-message-retain",
  ])("%s: the will says offline with the time of its CONNECT", () => {
    expect(new HostState({ hostId: "scada" }).connecting(T)).toEqual({
      topic: "spBv1.0/STATE/scada",
      payload: '{"online":false,"timestamp":1764000000000}',
      qos: 1,
      retain: true,
    });
  });

  test.each([
    "tck-id-host-topic-phid-birth-payload",
    "tck-id-host-topic-phid-birth-payload-timestamp",
    "tck-id-host-topic-phid-birth-qos",
    "tck-id-host-topic-phid-birth-retain",
    "tck-id-host-topic-phid-birth-topic",
    "tck-id-operational-behavior-host-application-connect-birth-payload",
    "tck-id-operational-behavior-host-application-connect-birth-qos",
    "tck-id-operational-behavior-host-application-connect-birth-retained",
    "tck-id-operational-behavior-host-application-connect-birth-topic",
    "tck-id-payloads-state-birth",
    "tck-id-payloads-state-birth-payload",
    "tck-id-message-flow-phid-sparkplug-state-publish-payload",
    "tck-id-message-flow-phid-sparkplug-state-publish-payload-timestamp",
  ])("%s: the birth says online with the timestamp of the will", () => {
    const host = new HostState({ hostId: "scada" });
    host.connecting(T);
    expect(host.birth()).toEqual({
      topic: "spBv1.0/STATE/scada",
      payload: '{"online":true,"timestamp":1764000000000}',
      qos: 1,
      retain: true,
    });
  });

  test("each attempt to connect has a will of its own time, and the birth has that of the last", () => {
    const host = new HostState({ hostId: "scada" });
    host.connecting(T);
    expect(host.connecting(T + 5_000).payload).toBe(`{"online":false,"timestamp":${T + 5_000}}`);
    expect(host.birth().payload).toBe(`{"online":true,"timestamp":${T + 5_000}}`);
  });

  test.each([
    "tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean",
    "tck-id-host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
    "tck-id-operational-behavior-host-application-death-payload",
    "tck-id-operational-behavior-host-application-death-qos",
    "tck-id-operational-behavior-host-application-death-retained",
    "tck-id-operational-behavior-host-application-death-topic",
    "tck-id-operational-behavior-host-application-termination",
  ])("%s: who leaves says so with the time of leaving", () => {
    expect(online().death(T + 60_000)).toEqual({
      topic: "spBv1.0/STATE/scada",
      payload: `{"online":false,"timestamp":${T + 60_000}}`,
      qos: 1,
      retain: true,
    });
  });

  test("who never said that it is there says nothing when it leaves", () => {
    const host = new HostState({ hostId: "scada" });
    expect(host.death(T)).toBeNull();
    host.connecting(T);
    expect(host.death(T)).toBeNull();
  });

  test("a clock that is set back makes no state older than the last one", () => {
    const host = online();
    expect(host.death(T - 3_600_000)?.payload).toBe(`{"online":false,"timestamp":${T}}`);
    expect(host.connecting(T - 3_590_000).payload).toBe(`{"online":false,"timestamp":${T}}`);
  });

  test("tck-id-operational-behavior-host-application-multi-server-timestamp: each broker has its own timestamp", () => {
    const [first, second] = [new HostState({ hostId: "scada" }), new HostState({ hostId: "scada" })];
    first.connecting(T);
    second.connecting(T + 9_000);
    expect(stateOf(bytes(first.birth().payload))?.timestamp).toBe(T);
    expect(stateOf(bytes(second.birth().payload))?.timestamp).toBe(T + 9_000);
  });

  test("a birth without a connection is a bug", () => {
    const host = online();
    host.disconnected();
    expect(() => host.birth()).toThrow("a birth needs the will of its connection");
  });
});

describe("a message on the host's own STATE topic", () => {
  test("tck-id-message-flow-hid-sparkplug-state-message-delivered: the late will of an earlier connection is answered with online and the same timestamp", () => {
    const host = online();
    expect(host.seen(state(false, T - 60_000))).toEqual({
      kind: "republish",
      message: {
        topic: "spBv1.0/STATE/scada",
        payload: `{"online":true,"timestamp":${T}}`,
        qos: 1,
        retain: true,
      },
    });
    expect(host.seen(state(false, T))).toMatchObject({ kind: "republish" });
  });

  test("its own birth is not answered", () => {
    expect(online().seen(state(true, T))).toEqual({ kind: "nothing" });
  });

  test("before the birth nothing is answered, because the birth is", () => {
    const host = new HostState({ hostId: "scada" });
    host.connecting(T);
    expect(host.seen(state(false, T - 1))).toEqual({ kind: "nothing" });
    expect(host.seen(state(true, T - 1))).toEqual({ kind: "nothing" });
  });

  test("its own death is not answered once it has left", () => {
    const host = online();
    host.death(T + 1);
    expect(host.seen(state(false, T + 1))).toEqual({ kind: "nothing" });
  });

  test("an online that is newer comes from another host of the same id", () => {
    expect(online().seen(state(true, T + 1))).toEqual({ kind: "other-host", timestamp: T + 1 });
  });

  test("an offline that is newer is answered too, and told, because edge nodes take the answer for an older one", () => {
    expect(online().seen(state(false, T + 1))).toMatchObject({
      kind: "newer",
      timestamp: T + 1,
      message: { payload: `{"online":true,"timestamp":${T}}` },
    });
    const host = new HostState({ hostId: "scada" });
    host.connecting(T);
    expect(host.seen(state(false, T + 1))).toEqual({ kind: "newer", timestamp: T + 1, message: null });
  });

  test.each(["ONLINE", "{", '{"online":"true","timestamp":1}', '{"online":true}', "null", ""])(
    "%j is no state of Sparkplug 3",
    (text) => {
      expect(stateOf(bytes(text))).toBeNull();
      expect(online().seen(bytes(text))).toMatchObject({ kind: "unreadable" });
    },
  );

  test("bytes that are no UTF-8 are no state", () => {
    expect(stateOf(new Uint8Array([0xff, 0xfe]))).toBeNull();
  });
});

test("tck-id-operational-behavior-host-application-host-id: a host id is one level of a topic", () => {
  expect(hostIdProblem("scada")).toBeNull();
  expect(hostIdProblem("a/b")).toBe('the host id "a/b" contains +, # or /');
  expect(() => new HostState({ hostId: "a/b" })).toThrow('the host id "a/b" contains +, # or /');
});
