/** What is said of a recording to whoever does not see it. */

import { count } from "../format";
import type { EventStore } from "./store";
import { fineClock } from "./time";

export function summarise(store: EventStore): string {
  const { head, moment, playing } = store;
  const events = head.records === 1 ? "1 event" : `${count(head.records)} events`;
  if (playing) return `${events}, playing`;
  if (moment !== null) return `${events}, shown at ${fineClock(moment)}`;
  return `${events}, ${head.live ? "recording" : "complete"}`;
}
