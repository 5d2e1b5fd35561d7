/** CSV that any reader takes apart again, and that no spreadsheet runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { csvField, csvParts, csvRecord, shortest } from "../../src/views/selection/csv";

/** A slow reader of RFC 4180, a letter at a time. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted && letter === '"' && text[i + 1] === '"') field += text[++i];
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ",") (record.push(field), (field = ""));
    else if (!quoted && letter === "\r")
      (record.push(field), records.push(record), (record = []), (field = ""), i++);
    else field += letter;
  }
  return records;
}

test("every text comes back as it was", () => {
  const hostile = [
    "",
    "plain",
    "a,b",
    'say "hi"',
    "two\r\nlines",
    "<img src=x onerror=alert(1)>",
    'ünï, "✓"',
  ];
  assert.deepEqual(parse(csvRecord(hostile)), [hostile]);
});

test("what a spreadsheet would run is text, and numbers keep their sign", () => {
  for (const formula of ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1"])
    assert.ok(parse(csvRecord([formula]))[0]![0]!.startsWith("'"), formula);
  assert.equal(csvField(-1.5), "-1.5");
  assert.equal(csvField(NaN), "");
  assert.equal(csvField(null), "");
});

test("a long table comes in parts and whole", () => {
  const rows = Uint32Array.from({ length: 12_001 }, (_, i) => i);
  const parts = [...csvParts(["row", "name"], rows, (row) => [row, `n,${row}`])];
  assert.ok(parts.length > 2);
  const records = parse(parts.join(""));
  assert.equal(records.length, 12_002);
  assert.deepEqual(records.at(-1), ["12000", "n,12000"]);
});

test("a float32 is written as a person would", () => {
  assert.equal(shortest(Math.fround(0.1)), 0.1);
  assert.equal(shortest(Math.fround(123456.79)), 123456.79);
  assert.equal(shortest(0), 0);
  for (const value of [1 / 3, Math.PI * 1e20, 1e-40])
    assert.equal(Math.fround(shortest(Math.fround(value))), Math.fround(value));
});
