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
  const isNumber = /^-?\d+(\.\d+)?$/.test(field);
  const guarded = !isNumber && /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[\t\n\r"]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
