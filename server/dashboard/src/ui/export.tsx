import { address, asCurl, download, readPieces, saveBlob } from "../api/client.ts";
import { ink } from "../charts/palette.ts";
import { rangeText } from "../lib/dates.ts";
import { path, query } from "../lib/location.ts";
import { range, route, today, zone } from "../lib/view.ts";
import { Menu, MenuItem, Popover } from "./controls.tsx";
import { forExcel, writeCsv } from "./csv.ts";
import { Icon } from "./icons.tsx";
import { copy, say } from "./status.ts";

const Formats = [
  { id: "csv", label: "CSV", hint: "UTF-8" },
  { id: "parquet", label: "Parquet", hint: "exact decimals" },
  { id: "arrow", label: "Arrow", hint: "IPC stream" },
] as const;

/** The question without what is only for this page: the same rows, in another form. */
function exportAddress(question: string, format?: string): string {
  const url = new URL(question, location.origin);
  const parameters: Record<string, string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    if (!["money", "compare", "limit", "cursor"].includes(name)) {
      parameters[name] = url.searchParams.getAll(name);
    }
  }
  return address(url.pathname, { ...parameters, ...(format ? { format } : {}) });
}

/** The same range and filters as rows of the FinOps Open Cost and Usage Specification. */
function focusAddress(question: string, format: string): string {
  const own = ["groupBy", "bucket", "top", "rankBy", "fields", "sort"];
  const url = new URL(exportAddress(question, format), location.origin);
  own.forEach((name) => url.searchParams.delete(name));
  return `/export/focus?${url.searchParams}`;
}

/** What is on screen, as a file. */
export function ExportMenu({ question, name, image, rows, isOnlyHere, label, hasFocus }: {
  question: string;
  name: string;
  image?: () => HTMLCanvasElement | null;
  /** What is on screen as lines of text, the names of the columns first; without it the server writes the lines. */
  rows?: () => readonly (readonly string[])[];
  /** Whether the server has no such table, so that these lines are the only form. */
  isOnlyHere?: boolean;
  label?: string;
  /** Whether the same range is offered as FOCUS rows too. */
  hasFocus?: boolean;
}) {
  const asked = new URL(question, location.origin).searchParams;
  const [from, to] = [asked.get("from") ?? range.value.from, asked.get("to") ?? range.value.to];
  const file = `${name} ${from} to ${to} ${zone.value}`.replaceAll(/[^\p{L}\p{N}.+-]+/gu, "-").toLowerCase();
  const failed = (error: unknown) => say(error instanceof Error ? error.message : "The export failed.");
  return (
    <Popover label={label ?? `Export ${name}`} align="end" className="quiet" trigger={<Icon name="download" />}>
      {(close) => {
        const run = (work: () => Promise<void> | void) => () => {
          close();
          // Millions of rows take their time.
          const patience = setTimeout(() => say("The file is being made."), 1_500);
          void Promise.resolve(work())
            .catch(failed)
            .finally(() => clearTimeout(patience));
        };
        return (
          <Menu>
            {Formats.filter(({ id }) => id === "csv" || !isOnlyHere).map(({ id, label, hint }) => (
              <MenuItem key={id} hint={hint} onClick={run(() => (id === "csv" && rows ? saveBlob(new Blob([writeCsv(rows())], { type: "text/csv;charset=utf-8" }), `${file}.csv`) : download(exportAddress(question, id), `${file}.${id}`)))}>
                {label}
              </MenuItem>
            ))}
            <MenuItem
              hint="UTF-16, tabs"
              onClick={run(async () => saveBlob(await forExcel(rows ? [writeCsv(rows())] : readPieces(exportAddress(question, "csv"))), `${file}.tsv`))}
            >
              CSV for Excel
            </MenuItem>
            {hasFocus && (
              <>
                <MenuItem hint="CSV" onClick={run(() => download(focusAddress(question, "csv"), `focus-${file}.csv`))}>
                  FOCUS
                </MenuItem>
                <MenuItem hint="Parquet" onClick={run(() => download(focusAddress(question, "parquet"), `focus-${file}.parquet`))}>
                  FOCUS
                </MenuItem>
              </>
            )}
            {image && (
              <MenuItem hint="2×" onClick={run(() => saveImage(image(), name, rangeText(from, to), file))}>
                PNG
              </MenuItem>
            )}
            <hr />
            <MenuItem icon="copy" onClick={run(() => copy(asCurl(exportAddress(question)), "Command"))}>
              Copy as curl
            </MenuItem>
            <MenuItem icon="link" onClick={run(() => copy(location.href, "Link"))}>
              Copy link
            </MenuItem>
            <MenuItem icon="link" onClick={run(() => copy(frozenLink(), "Link with fixed dates"))}>
              Copy link with fixed dates
            </MenuItem>
          </Menu>
        );
      }}
    </Popover>
  );
}

/** This view with its dates and zone written out, so that it stays the same tomorrow. */
export function frozenLink(): string {
  const parameters = new URLSearchParams(query.value);
  parameters.delete("range");
  if (route.value.page === "overview" && !parameters.has("month")) {
    parameters.set("month", today.value.slice(0, 7));
  }
  parameters.set("from", range.value.from);
  parameters.set("to", range.value.to);
  parameters.set("tz", zone.value);
  return `${location.origin}${path.value}?${parameters}`;
}

/** The chart with its title, range and zone drawn in. */
function saveImage(chart: HTMLCanvasElement | null, title: string, dates: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!chart) {
      reject(new Error("There is no chart to save yet."));
      return;
    }
    const colors = ink();
    const canvas = document.createElement("canvas");
    canvas.width = chart.width + 64;
    canvas.height = chart.height + 176;
    const context = canvas.getContext("2d")!;
    context.fillStyle = colors.card;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = colors.text;
    context.font = "600 30px 'Inter Variable', sans-serif";
    context.fillText(title, 32, 54);
    context.fillStyle = colors.text3;
    context.font = "24px 'Inter Variable', sans-serif";
    context.fillText(`${dates} · ${zone.value}`, 32, 92);
    context.drawImage(chart, 32, 116);
    context.fillText(location.host, 32, canvas.height - 22);
    canvas.toBlob((blob) => {
      if (blob) {
        saveBlob(blob, `${file}.png`);
        resolve();
      } else {
        reject(new Error("The browser could not make a picture of the chart."));
      }
    });
  });
}
