import { useState } from "preact/hooks";
import { question, useQuery } from "../api/client.ts";
import type { Contribution, Explained } from "../api/types.ts";
import { rangeText } from "../lib/dates.ts";
import { exactMoney, parseMoney, shortMoney } from "../lib/money.ts";
import { percent } from "../lib/numbers.ts";
import { addFilter, asked, dimensionLabel, type Dimension } from "../lib/view.ts";
import { change, query as parameters } from "../lib/location.ts";
import { IconButton, Segmented, Tag } from "./controls.tsx";
import { ExportMenu } from "./export.tsx";
import { Card } from "./ranking.tsx";
import { Await } from "./states.tsx";

const Shown = 6;

/** What made the cost of a range differ from what is usual. */
export function Explain({ from: first, to: last, onClose }: { from: string; to: string; onClose: () => void }) {
  const wanted = parameters.value.get("day") ?? "";
  const day = wanted >= first && wanted <= last ? wanted : "";
  const setDay = (next: string) => change({ day: next || null }, true);
  const [from, to] = day ? [day, day] : [first, last];
  const baseline = parameters.value.get("baseline") === "previous" ? "previous" : "weekday";
  const url = question("/analytics/explain", { ...asked.value, from, to, baseline, top: Shown });
  const query = useQuery<Explained>(url);
  const data = query.answer?.data;
  return (
    <Card
      className="explain"
      title="What changed?"
      note={query.answer ? `${rangeText(from, to)} against ${rangeText(query.answer.data.baseline.from, query.answer.data.baseline.to)}${query.answer.data.baseline.kind === "weekday" ? ", the median of the weeks before" : ""}` : rangeText(from, to)}
      tools={
        <>
          <label class="day">
            <span class="quiet">One day</span>
            <input type="date" min={first} max={last} value={day} onInput={(event) => setDay(event.currentTarget.value >= first && event.currentTarget.value <= last ? event.currentTarget.value : "")} />
          </label>
          <Segmented small label="Compared with" options={[{ id: "weekday", label: "Usual weeks" }, { id: "previous", label: "Period before" }]} value={baseline} onChange={(id) => change({ baseline: id === "previous" ? "previous" : null }, true)} />
          <ExportMenu
            question={url}
            name="What changed"
            rows={() => [["dimension", "key", "label", "baselineCost", "cost", "change"], ...(data?.dimensions ?? []).flatMap(({ dimension, contributions }) => contributions.map((each) => [dimension, each.key ?? "", each.label ?? "", each.baselineCost, each.cost, each.change]))]}
          />
          <IconButton icon="close" label="Close" onClick={onClose} />
        </>
      }
    >
      <Await query={query} height={440}>
        {(data) => <Explanation data={data} />}
      </Await>
    </Card>
  );
}

function signed(text: string): string {
  const pico = parseMoney(text);
  return pico > 0n ? `+${shortMoney(text)}` : shortMoney(text);
}

function Explanation({ data }: { data: Explained }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const dimension = data.dimensions.find((each) => each.dimension === (chosen ?? data.largest?.dimension)) ?? data.dimensions[0];
  return (
    <div class="explanation">
      <p class="sentence">{data.sentence}</p>
      <dl class="split">
        <Part name="Change" text={data.change} hint="What was paid more or less" isWhole />
        <Part name="Volume" text={data.volume} hint="If everything had grown as all together did" />
        <Part name="Mix" text={data.mix} hint="Other shares of the models, at the earlier prices" />
        <Part name="Price" text={data.price} hint="Prices, and what changed within a mapping" />
      </dl>
      <Segmented small label="Contributions by" options={data.dimensions.map((each) => ({ id: each.dimension, label: dimensionLabel(each.dimension as Dimension) }))} value={dimension?.dimension ?? null} onChange={setChosen} />
      {dimension && <Waterfall contributions={dimension.contributions} dimension={dimension.dimension as Dimension} />}
    </div>
  );
}

function Part({ name, text, hint, isWhole }: { name: string; text: string; hint: string; isWhole?: boolean }) {
  return (
    <div class={isWhole ? "whole" : undefined} title={hint}>
      <dt>{name}</dt>
      <dd>
        <data class="figure" value={text} title={`${exactMoney(text)} exact`}>
          {signed(text)}
        </data>
      </dd>
    </div>
  );
}

/** Contributions from the earlier cost to the later one; up and down are two colours that all can tell apart. */
function Waterfall({ contributions, dimension }: { contributions: readonly Contribution[]; dimension: Dimension }) {
  // Zero stands where both directions have the room that they need.
  const rise = Math.max(...contributions.map((each) => Number(each.change)), 0);
  const drop = Math.max(...contributions.map((each) => -Number(each.change)), 0);
  const zero = rise + drop > 0 ? (drop / (rise + drop)) * 100 : 0;
  return (
    <ol class="waterfall">
      {contributions.map((each) => {
        const value = Number(each.change);
        const width = rise + drop > 0 ? (Math.abs(value) / (rise + drop)) * 100 : 0;
        return (
          <li key={each.key ?? "others"} title={each.sentence}>
            <button type="button" class="name" disabled={each.key === null} onClick={() => each.key !== null && addFilter(dimension, each.key)}>
              <bdi>{each.label}</bdi>
              {each.deleted && <Tag>deleted</Tag>}
            </button>
            <span class="flow" aria-hidden="true">
              <i style={{ left: `${zero}%` }} />
              <span class={value >= 0 ? "rise" : "drop"} style={value >= 0 ? { left: `${zero}%`, width: `${width}%` } : { right: `${100 - zero}%`, width: `${width}%` }} />
            </span>
            <data class="figure" value={each.change} title={`${exactMoney(each.baselineCost)} before, ${exactMoney(each.cost)} now`}>
              {signed(each.change)}
            </data>
            <span class="share">{each.share < 0 ? "" : percent(each.share)}</span>
          </li>
        );
      })}
    </ol>
  );
}
