/** Reads CSV text (RFC 4180) that comes in pieces: each call gives the rows that are whole by then, the last one all. */
export function csvRows(): (piece: string, isLast?: boolean) => string[][] {
  let rest = "";
  return (piece, isLast = false) => {
    const text = rest + piece;
    const rows: string[][] = [];
    let start = 0;
    for (let end = endOfRow(text, start); end >= 0; end = endOfRow(text, start)) {
      rows.push(fieldsOf(text.slice(start, end)));
      start = end + 1;
    }
    rest = text.slice(start);
    if (isLast && rest !== "") {
      rows.push(fieldsOf(rest));
      rest = "";
    }
    return rows;
  };
}

/** Where the row's line feed is, which is none between quotes; -1 where it is not here yet. */
function endOfRow(text: string, start: number): number {
  let end = text.indexOf("\n", start);
  let quotes = 0;
  for (let from = start; end >= 0; from = end, end = text.indexOf("\n", end + 1)) {
    for (let quote = text.indexOf('"', from); quote >= 0 && quote < end; quote = text.indexOf('"', quote + 1)) {
      quotes++;
    }
    if (quotes % 2 === 0) {
      return end;
    }
  }
  return -1;
}

function fieldsOf(row: string): string[] {
  const line = row.endsWith("\r") ? row.slice(0, -1) : row;
  if (!line.includes('"')) {
    return line.split(",");
  }
  const fields: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,"]*))(?=,|$)/gs)) {
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
  }
  return fields;
}

/** Rows of CSV text that is here as a whole. */
export function readCsv(text: string): string[][] {
  return csvRows()(text, true);
}

/** CSV text (RFC 4180) of lines; text that a spreadsheet would take for a formula gets an apostrophe. */
export function writeCsv(lines: readonly (readonly string[])[]): string {
  return lines.map((line) => `${line.map((field) => (/[",\n\r]/.test(guarded(field)) ? `"${guarded(field).replaceAll('"', '""')}"` : guarded(field))).join(",")}\r\n`).join("");
}

/** Rows of a sheet, its head among them. */
const MostRows = 1_048_576;

/**
 * CSV as Excel opens it without a question: UTF-16 with tabs. Text that Excel would take for a formula gets an apostrophe;
 * numbers stay as they are, negative ones too. Piece by piece: a month of rows is hundreds of megabytes of text.
 * @throws RangeError where there are more rows than a sheet has.
 */
export async function forExcel(csv: AsyncIterable<string> | Iterable<string>): Promise<Blob> {
  const next = csvRows();
  const parts: Uint16Array<ArrayBuffer>[] = [Uint16Array.of(0xfeff)];
  let count = 0;
  const take = (rows: readonly string[][]) => {
    count += rows.length;
    if (count > MostRows) {
      throw new RangeError("There are more rows than a sheet of Excel has (1,048,576): take CSV or Parquet, or fewer days.");
    }
    const text = rows.map((row) => `${row.map(cell).join("\t")}\r\n`).join("");
    const units = new Uint16Array(text.length);
    for (let index = 0; index < text.length; index++) {
      units[index] = text.charCodeAt(index);
    }
    parts.push(units);
  };
  for await (const piece of csv) {
    take(next(piece));
  }
  take(next("", true));
  return new Blob(parts, { type: "text/tab-separated-values;charset=utf-16le" });
}

export function cell(field: string): string {
  const safe = guarded(field);
  return /[\t\n\r"]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function guarded(field: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(field);
  return !isNumber && /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
}
