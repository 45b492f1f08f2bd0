import { question, useQuery } from "../api/client.ts";
import { asked } from "../lib/view.ts";
import { IconButton } from "./controls.tsx";
import { Card } from "./ranking.tsx";
import { Await } from "./states.tsx";

/** What made the cost of a range differ from what is usual. */
export function Explain({ from, to, onClose }: { from: string; to: string; onClose: () => void }) {
  const query = useQuery<{ sentence?: string }>(question("/analytics/explain", { ...asked.value, from, to }));
  return (
    <Card className="explain" title="What changed?" tools={<IconButton icon="close" label="Close" onClick={onClose} />}>
      <Await query={query} height={160}>
        {(data) => <p class="sentence">{data.sentence}</p>}
      </Await>
    </Card>
  );
}
