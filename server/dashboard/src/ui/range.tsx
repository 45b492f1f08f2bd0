import { useEffect, useRef, useState } from "preact/hooks";
import { addDays, addMonths, dayCount, dayNumber, daysInMonth, firstOfMonth, fullDay, isDay, monthName, rangeText, weekday, weekdayNames, type Day } from "../lib/dates.ts";
import { Presets, readRange, type Range } from "../lib/ranges.ts";
import { preset, range, setPreset, setRange, stepRange, today } from "../lib/view.ts";
import { IconButton, Menu, MenuItem, Popover } from "./controls.tsx";
import { Icon } from "./icons.tsx";

/** The range that everything on the page is about. */
export function RangePicker() {
  const { from, to } = range.value;
  const days = dayCount(from, to);
  const name = Presets.find((found) => found.id === preset.value)?.label;
  return (
    <div class="joined" role="group" aria-label="Date range">
      <IconButton icon="left" label="Previous range ([)" onClick={() => stepRange(-1)} />
      <Popover
        label={`Date range: ${rangeText(from, to)}, ${days} ${days === 1 ? "day" : "days"}`}
        className="range"
        align="end"
        trigger={
          <>
            <Icon name="calendar" />
            <span class="range-name">{name}</span>
            <span class="range-dates">{rangeText(from, to)}</span>
            <span class="range-days">{days} {days === 1 ? "day" : "days"}</span>
          </>
        }
      >
        {(close) => <RangePanel close={close} />}
      </Popover>
      <IconButton icon="right" label="Next range (])" onClick={() => stepRange(1)} />
    </div>
  );
}

function RangePanel({ close }: { close: () => void }) {
  const [draft, setDraft] = useState<Range>(range.value);
  const [from, setFrom] = useState(draft.from);
  const [to, setTo] = useState(draft.to);
  const [error, setError] = useState<string | null>(null);
  const show = (next: Range) => {
    setDraft(next);
    setFrom(next.from);
    setTo(next.to);
    setError(null);
  };
  const apply = () => {
    const typed = isDay(from) && isDay(to) ? { from, to } : readRange(`${from} to ${to}`, today.value);
    if (!typed) {
      setError("Write dates as 2026-06-24 or Jun 24.");
    } else if (typed.from > typed.to) {
      setError("The first day is after the last.");
    } else {
      setRange(typed);
      close();
    }
  };
  return (
    <div class="range-panel">
      <Menu>
        {Presets.map((found) => (
          <MenuItem
            key={found.id}
            isChosen={preset.value === found.id}
            onClick={() => {
              setPreset(found.id);
              close();
            }}
          >
            {found.label}
          </MenuItem>
        ))}
      </Menu>
      <div class="range-custom">
        <Calendar draft={draft} onChange={show} />
        <form
          class="range-typed"
          onSubmit={(event) => {
            event.preventDefault();
            apply();
          }}
        >
          <label>
            <span class="sr">First day</span>
            <input value={from} size={11} spellcheck={false} aria-invalid={error !== null} onInput={(event) => setFrom(event.currentTarget.value)} />
          </label>
          <span aria-hidden="true">–</span>
          <label>
            <span class="sr">Last day</span>
            <input value={to} size={11} spellcheck={false} aria-invalid={error !== null} onInput={(event) => setTo(event.currentTarget.value)} />
          </label>
          <span class="range-count">{isDay(from) && isDay(to) && from <= to ? `${dayCount(from, to)} days` : ""}</span>
          <button type="submit" class="button primary">
            Apply
          </button>
        </form>
        <p class="field-error" role="alert">
          {error}
        </p>
      </div>
    </div>
  );
}

/** Two months; a first press starts a range, a second ends it. Arrow keys move by day and week, Page Up and Down by month. */
function Calendar({ draft, onChange }: { draft: Range; onChange: (range: Range) => void }) {
  const [cursor, setCursor] = useState<Day>(draft.to);
  const [anchor, setAnchor] = useState<Day | null>(null);
  const [month, setMonth] = useState<Day>(() => addMonths(firstOfMonth(draft.to), -1));
  const grid = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  useEffect(() => {
    if (moved.current) {
      grid.current?.querySelector<HTMLElement>(`[data-day="${cursor}"]`)?.focus();
      moved.current = false;
    }
  }, [cursor, month]);
  const moveTo = (day: Day) => {
    moved.current = true;
    setCursor(day);
    if (day < month) {
      setMonth(firstOfMonth(day));
    } else if (day >= addMonths(month, 2)) {
      setMonth(addMonths(firstOfMonth(day), -1));
    }
  };
  const press = (day: Day) => {
    setCursor(day);
    if (anchor === null) {
      setAnchor(day);
      onChange({ from: day, to: day });
    } else {
      onChange(day < anchor ? { from: day, to: anchor } : { from: anchor, to: day });
      setAnchor(null);
    }
  };
  const keys = (event: KeyboardEvent) => {
    const next = {
      ArrowLeft: () => addDays(cursor, -1),
      ArrowRight: () => addDays(cursor, 1),
      ArrowUp: () => addDays(cursor, -7),
      ArrowDown: () => addDays(cursor, 7),
      PageUp: () => addMonths(cursor, -1),
      PageDown: () => addMonths(cursor, 1),
      Home: () => addDays(cursor, -weekday(cursor)),
      End: () => addDays(cursor, 6 - weekday(cursor)),
    }[event.key];
    if (next) {
      event.preventDefault();
      moveTo(next());
    }
  };
  return (
    <div class="calendar" ref={grid} onKeyDown={keys}>
      <IconButton icon="left" label="Earlier months" className="earlier" onClick={() => setMonth(addMonths(month, -1))} />
      <IconButton icon="right" label="Later months" className="later" onClick={() => setMonth(addMonths(month, 1))} />
      {[month, addMonths(month, 1)].map((first) => (
        <table key={first} role="grid" aria-label={monthName(first)}>
          <caption>{monthName(first)}</caption>
          <thead>
            <tr>
              {weekdayNames().map((name) => (
                <th key={name} scope="col" abbr={name}>
                  {name.slice(0, 2)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {weeks(first).map((week) => (
              <tr key={week.find((day) => day !== null)}>
                {week.map((day, index) =>
                  day === null ? (
                    <td key={index} />
                  ) : (
                    <td key={day} class={day >= draft.from && day <= draft.to ? `in${day === draft.from ? " first" : ""}${day === draft.to ? " last" : ""}` : undefined} aria-selected={day >= draft.from && day <= draft.to}>
                      <button
                        type="button"
                        data-day={day}
                        aria-label={fullDay(day)}
                        aria-current={day === today.value ? "date" : undefined}
                        tabIndex={day === cursor ? 0 : -1}
                        onClick={() => press(day)}
                      >
                        {Number(day.slice(8))}
                      </button>
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

function weeks(first: Day): (Day | null)[][] {
  const cells: (Day | null)[] = Array.from({ length: weekday(first) }, () => null);
  for (let date = 0; date < daysInMonth(first); date++) {
    cells.push(addDays(first, date));
  }
  // Always six weeks, so that the panel keeps its height.
  while (cells.length < 42) {
    cells.push(null);
  }
  return Array.from({ length: 6 }, (_, week) => cells.slice(week * 7, week * 7 + 7)).filter((week, index) => index < 5 || week.some((day) => day !== null) || dayNumber(first) >= 0);
}
