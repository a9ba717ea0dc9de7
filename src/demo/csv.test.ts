import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvParser } from "./csv.js";

function parse(...pieces: string[]): { line: number; fields: readonly string[] }[] {
  const parser = new CsvParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

const fieldsOf = (...pieces: string[]) => parse(...pieces).map((record) => record.fields);

describe("CSV", () => {
  test.each<[string, string, string[][]]>([
    [
      "plain",
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "no line end at the end",
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "CRLF",
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ["a byte order mark", "\ufeffa,b\n", [["a", "b"]]],
    ["empty lines", "a\n\n\nb\n", [["a"], ["b"]]],
    ["empty fields", ",a,\n", [["", "a", ""]]],
    ["quotes", '"a","b,c"\n', [["a", "b,c"]]],
    ["doubled quotes", '"say ""hi""",1\n', [['say "hi"', "1"]]],
    ["an empty quoted field", '"",1\n', [["", "1"]]],
    [
      "a line end in quotes",
      '"a\nb",1\n2,3\n',
      [
        ["a\nb", "1"],
        ["2", "3"],
      ],
    ],
    ["a closing quote at the very end", '1,"a"', [["1", "a"]]],
    [
      "a quote within a field",
      '5" pipe,1\n6" pipe,2\n',
      [
        ['5" pipe', "1"],
        ['6" pipe', "2"],
      ],
    ],
    ["nothing", "", []],
  ])("reads %s", (_name, text, expected) => {
    expect(fieldsOf(text)).toEqual(expected);
    expect(fieldsOf(...text), "in pieces of one character").toEqual(expected);
  });

  test("tells on which line of the file a record begins", () => {
    expect(parse('h\n"a\nb"\n\nc').map((record) => record.line)).toEqual([1, 2, 5]);
  });

  test("a quote that is never closed is an error, not the rest of the file", () => {
    expect(() => parse('a\n"b\nc\n')).toThrow("line 2: a quote is not closed");
    const parser = new CsvParser();
    expect(() => {
      parser.push('a\n"');
      for (let i = 0; i < 30; i += 1) parser.push("x".repeat(50_000));
    }).toThrow("line 2");
  });

  test("takes another delimiter", () => {
    const parser = new CsvParser({ delimiter: ";" });
    expect(parser.push('a;"b;c"\n')).toEqual([{ line: 1, fields: ["a", "b;c"] }]);
  });

  test("what is written with quotes is read again, however the file is cut", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "ü") });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 7 }), (rows, size) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = rows.map((row) => `${row.map(quote).join(",")}\r\n`).join("");
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
        expect(fieldsOf(...pieces)).toEqual(rows);
      }),
    );
  });
});
