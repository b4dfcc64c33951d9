// A service in TypeScript: it records an event, and reads where it stands.
import createClient from "openapi-fetch";

import type { paths } from "./schema.js";

declare const process: { argv: string[]; exitCode?: number };

const [, , baseUrl, key, loan, external_id, value_date] = process.argv;
const api = createClient<paths>({
  baseUrl,
  headers: { Authorization: `Bearer ${key}` },
});

const recorded = await api.POST("/api/v1/loans/{reference}/events", {
  params: { path: { reference: loan } },
  body: {
    external_id,
    kind: "drawdown",
    amount: "12.00",
    value_date,
    description: "",
    already_in_books: false,
  },
});
if (recorded.error) {
  throw new Error(recorded.error.detail);
}
const batch = await api.POST("/api/v1/loan-events/batch", {
  body: {
    events: [
      {
        loan,
        external_id,
        kind: "drawdown",
        amount: "12.00",
        value_date,
        description: "",
        already_in_books: false,
      },
    ],
  },
});
const read = await api.GET("/api/v1/loan-events/{external_id}", {
  params: { path: { external_id } },
});
console.log(
  JSON.stringify({
    amount: recorded.data.amount,
    again: batch.data?.results[0]?.status,
    steps: read.data?.entries.map((entry) => entry.step),
  }),
);
