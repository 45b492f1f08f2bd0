import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { go, path, query, queryText } from "../lib/location.ts";
import { organizationId } from "../lib/view.ts";
import { Menu, MenuItem, Popover } from "./controls.tsx";
import { Icon } from "./icons.tsx";

/** A view that the reader keeps under a name: nothing but its address. */
export interface SavedView {
  name: string;
  address: string;
}

const Key = "views";

function read(): SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(Key) ?? "[]");
    return Array.isArray(stored) ? stored.filter((each): each is SavedView => typeof each?.name === "string" && typeof each?.address === "string" && each.address.startsWith("/o/")) : [];
  } catch {
    return [];
  }
}

const saved = signal(read());

function keep(views: SavedView[]): void {
  saved.value = views;
  localStorage.setItem(Key, JSON.stringify(views));
}

/** The views of this organization, by name. */
export function savedViews(): SavedView[] {
  const own = `/o/${encodeURIComponent(organizationId.value ?? "")}/`;
  return saved.value.filter((view) => view.address.startsWith(own)).sort((a, b) => a.name.localeCompare(b.name));
}

/** Keeps the view on screen under a name, and goes back to what was kept. */
export function SavedViews() {
  const address = path.value + queryText(query.value);
  const views = savedViews();
  const isSaved = views.some((view) => view.address === address);
  return (
    <Popover label="Saved views" className={`quiet views${isSaved ? " saved" : ""}`} trigger={<Icon name="bookmark" />}>
      {(close) => <Panel address={address} views={views} close={close} />}
    </Popover>
  );
}

function Panel({ address, views, close }: { address: string; views: readonly SavedView[]; close: () => void }) {
  const [name, setName] = useState("");
  const wanted = name.trim();
  return (
    <div class="views-panel">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted) {
            keep([...saved.value.filter((view) => !(view.name === wanted && views.includes(view))), { name: wanted, address }]);
            setName("");
          }
        }}
      >
        <label>
          <span class="sr">Name of this view</span>
          <input class="field" data-focus placeholder="Name this view" maxLength={80} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button primary" disabled={!wanted}>
          Save
        </button>
      </form>
      <Menu>
        {views.map((view) => (
          <div key={view.name} class="saved-view">
            <MenuItem
              isChosen={view.address === address}
              onClick={() => {
                go(view.address);
                close();
              }}
            >
              <bdi>{view.name}</bdi>
            </MenuItem>
            <button type="button" class="icon-button" aria-label={`Forget ${view.name}`} title="Forget" onClick={() => keep(saved.value.filter((each) => each !== view))}>
              <Icon name="close" size={12} />
            </button>
          </div>
        ))}
      </Menu>
      {views.length === 0 && <p class="note">Views are kept in this browser. A preset range goes along with the days; fixed dates stay.</p>}
    </div>
  );
}
