import { useState } from "preact/hooks";
import { ask, question } from "../api/client.ts";
import { organizationWide } from "../api/organization.ts";
import type { Activity } from "../api/types.ts";
import { dayCount } from "../lib/dates.ts";
import { asked, range, reportingZone, setZone, zone } from "../lib/view.ts";
import { allZones, offsetOf, offsetText, ownZone } from "../lib/zones.ts";
import { Menu, MenuItem, Popover } from "./controls.tsx";
import { Icon } from "./icons.tsx";
import { say } from "./status.ts";

const Shown = 60;

/** The zone whose days are counted, always in sight beside the dates. */
export function ZonePicker({ isOpen, onOpen, isExact }: { isOpen?: boolean; onOpen?: (open: boolean) => void; isExact?: boolean | undefined }) {
  const offset = offsetText(offsetOf(zone.value, new Date()));
  return (
    <Popover
      label={`Time zone: ${zone.value}, ${offset}`}
      className="zone"
      align="end"
      {...(isOpen === undefined ? {} : { isOpen })}
      {...(onOpen ? { onOpen } : {})}
      trigger={
        <>
          <Icon name="globe" />
          <span class="zone-name">{zone.value.replaceAll("_", " ")}</span>
          <span class="hint">{offset}</span>
          {isExact === false && <span class="inexact" title="The data is by the hour; this zone's days begin within an hour, so hours at the edges count to the day they begin in." />}
        </>
      }
    >
      {(close) => <ZonePanel close={close} />}
    </Popover>
  );
}

const MostDays = 800;

/** A zone moves usage from day to day: how many days it changed is said, never left to be found out. */
async function sayWhatMoved(before: string, after: string): Promise<void> {
  const { from, to } = range.value;
  if (organizationWide.value !== "open" || dayCount(from, to) > MostDays) {
    return;
  }
  const inZone = (timezone: string) => ask<Activity>(question("/analytics/activity", { ...asked.value, from, to, timezone, groupBy: "serviceType", bucket: "day", fields: "cost" }));
  try {
    const [old, now] = (await Promise.all([inZone(before), inZone(after)])).map(({ data }) => data.activity);
    const costs = new Map(old!.map((day) => [day.date, `${day.cost} ${day.requestCount}`]));
    const moved = now!.filter((day) => costs.get(day.date) !== `${day.cost} ${day.requestCount}`).length;
    say(moved === 0 ? `No day's total changed by the days of ${after.replaceAll("_", " ")}.` : `${moved} of ${now!.length} ${now!.length === 1 ? "day" : "days"} changed totals: days are now those of ${after.replaceAll("_", " ")}.`);
  } catch {
    // The page's own questions say what is wrong.
  }
}

function ZonePanel({ close }: { close: () => void }) {
  const [words, setWords] = useState("");
  const at = new Date();
  const wanted = words.trim().toLowerCase().replaceAll("\u2212", "-").split(/\s+/).filter(Boolean);
  const found = allZones(at).filter((each) => wanted.every((word) => each.words.includes(word)));
  const choose = (id: string) => {
    const before = zone.value;
    setZone(id);
    close();
    if (id !== before) {
      void sayWhatMoved(before, id);
    }
  };
  const pinned = [
    { name: "My time", id: ownZone() },
    ...(reportingZone.value ? [{ name: "Organization's reporting zone", id: reportingZone.value }] : []),
    { name: "UTC", id: "UTC" },
  ];
  return (
    <div class="zone-panel">
      <label class="search">
        <Icon name="search" />
        <span class="sr">Search zones by city or offset</span>
        <input
          data-focus
          type="search"
          placeholder="City or offset, such as Paris or UTC+5:30"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && found[0]) {
              // Focus goes back to the button, which this key would press.
              event.preventDefault();
              choose(found[0].id);
            }
          }}
        />
      </label>
      <Menu>
        {wanted.length === 0 && (
          <div class="pinned">
            {pinned.map((each) => (
              <MenuItem key={each.name} onClick={() => choose(each.id)} isChosen={zone.value === each.id} hint={offsetText(offsetOf(each.id, at))}>
                {each.name} {each.name !== "UTC" && <span class="hint">{each.id.replaceAll("_", " ")}</span>}
              </MenuItem>
            ))}
          </div>
        )}
        {found.slice(0, Shown).map((each) => (
          <MenuItem key={each.id} onClick={() => choose(each.id)} isChosen={zone.value === each.id} hint={offsetText(each.offset)}>
            {each.city} <span class="hint">{each.id.includes("/") ? each.id.slice(0, each.id.lastIndexOf("/")).replaceAll("_", " ") : ""}</span>
          </MenuItem>
        ))}
        {found.length > Shown && <p class="note">{found.length - Shown} more: write a city or an offset.</p>}
        {found.length === 0 && <p class="note">No zone is called so.</p>}
      </Menu>
    </div>
  );
}
