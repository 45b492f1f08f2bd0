/** Fields of CSV text (RFC 4180), row by row. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (isQuoted) {
      if (character !== '"') {
        field += character;
      } else if (text[index + 1] === '"') {
        field += '"';
        index++;
      } else {
        isQuoted = false;
      }
    } else if (character === '"') {
      isQuoted = true;
    } else if (character === "," || character === "\n") {
      row.push(field);
      field = "";
      if (character === "\n") {
        rows.push(row);
        row = [];
      }
    } else if (character !== "\r") {
      field += character;
    }
  }
  if (field !== "" || row.length > 0) {
    rows.push([...row, field]);
  }
  return rows;
}

/** CSV text (RFC 4180) of lines; text that a spreadsheet would take for a formula gets an apostrophe. */
export function writeCsv(lines: readonly (readonly string[])[]): string {
  return lines.map((line) => `${line.map((field) => (/[",\n\r]/.test(guarded(field)) ? `"${guarded(field).replaceAll('"', '""')}"` : guarded(field))).join(",")}\r\n`).join("");
}

/**
 * CSV as Excel opens it without a question: UTF-16 with tabs. Text that Excel would take for a formula gets an apostrophe;
 * numbers stay as they are, negative ones too.
 */
export function forExcel(csv: string): Blob {
  const lines = readCsv(csv).map((row) => row.map(cell).join("\t"));
  const text = `\ufeff${lines.join("\r\n")}\r\n`;
  const units = new Uint16Array(text.length);
  for (let index = 0; index < text.length; index++) {
    units[index] = text.charCodeAt(index);
  }
  return new Blob([units], { type: "text/tab-separated-values;charset=utf-16le" });
}

export function cell(field: string): string {
  const safe = guarded(field);
  return /[\t\n\r"]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function guarded(field: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(field);
  return !isNumber && /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
}
