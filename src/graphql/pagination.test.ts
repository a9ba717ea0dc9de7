import "reflect-metadata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connection, type PageArgs, pageOfArray, pageRequest } from "./pagination.js";

const ALL = [..."abcdef"];
const self = (item: string) => item;

function page(args: PageArgs, all: readonly string[] = ALL) {
  const request = pageRequest(args);
  const value = connection(pageOfArray(all, self, request), request, self, self);
  return { items: value.edges.map((edge) => edge.node), ...value.pageInfo, total: value.total };
}

const cursor = (item: string) => Buffer.from(item).toString("base64url");

describe("a page", () => {
  test.each<[PageArgs, string, boolean, boolean]>([
    [{}, "abcdef", false, false],
    [{ first: 2 }, "ab", true, false],
    [{ first: 6 }, "abcdef", false, false],
    [{ first: 0 }, "", true, false],
    [{ first: 2, after: cursor("b") }, "cd", true, true],
    [{ first: 9, after: cursor("d") }, "ef", false, true],
    [{ first: 2, after: cursor("f") }, "", false, true],
    [{ first: 2, before: cursor("b") }, "a", false, false],
    [{ last: 2 }, "ef", false, true],
    [{ last: 0 }, "", false, true],
    [{ last: 2, before: cursor("c") }, "ab", true, false],
    [{ last: 2, before: cursor("e") }, "cd", true, true],
    // What a cursor points to may be gone.
    [{ first: 1, after: cursor("bb") }, "c", true, true],
  ])("%j is %s", (args, items, hasNextPage, hasPreviousPage) => {
    expect(page(args)).toMatchObject({ items: [...items], hasNextPage, hasPreviousPage });
  });

  test("holds 50 items unless asked for another number, and at most 1000", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(5, "0"));
    expect(page({}, many).items).toHaveLength(50);
    expect(page({ first: 1_000 }, many).items).toHaveLength(1_000);
  });

  test("counts the whole list", async () => {
    expect(await page({ first: 1 }).total()).toBe(6);
  });

  test("of an empty list has no cursors", () => {
    expect(page({}, [])).toMatchObject({ items: [], startCursor: null, endCursor: null, hasNextPage: false });
  });
});

test.each<[string, PageArgs]>([
  ["first", { first: -1 }],
  ["first", { first: 1_001 }],
  ["last", { last: -1 }],
  ["last", { last: 1_001 }],
  ["first", { first: 1, last: 1 }],
  ["after", { after: "" }],
  ["after", { after: "%%%" }],
  ["before", { before: "YQ==" }],
  ["before", { before: Buffer.from([0xff]).toString("base64url") }],
])("a bad %s is the caller's mistake: %j", (argument, args) => {
  expect(() => pageRequest(args)).toThrow(
    expect.objectContaining({ extensions: { code: "BAD_USER_INPUT", field: [argument] } }),
  );
});

test("page after page, forwards and backwards, gives every item once", () => {
  const lists = fc.uniqueArray(fc.string({ minLength: 1, unit: "grapheme" }), { maxLength: 30 });
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 7 }), (given, size) => {
      const all = [...given].sort((a, b) => (a < b ? -1 : 1));
      const forwards: string[] = [];
      for (let at: ReturnType<typeof page> | null = null; at === null || at.hasNextPage; ) {
        at = page({ first: size, ...(at?.endCursor ? { after: at.endCursor } : {}) }, all);
        forwards.push(...at.items);
      }
      expect(forwards).toEqual(all);
      const backwards: string[] = [];
      for (let at: ReturnType<typeof page> | null = null; at === null || at.hasPreviousPage; ) {
        at = page({ last: size, ...(at?.startCursor ? { before: at.startCursor } : {}) }, all);
        backwards.unshift(...at.items);
      }
      expect(backwards).toEqual(all);
    }),
  );
});
