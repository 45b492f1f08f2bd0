import { ItemsTable, RequestsTable } from "../ui/usagetables.tsx";

/** Rows and priced items of the range, over all projects. */
export function UsagePage() {
  return (
    <>
      <h1 class="sr">Usage tables</h1>
      <RequestsTable title="Usage requests" />
      <ItemsTable title="Usage items" />
    </>
  );
}
