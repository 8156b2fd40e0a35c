/** What the views of one event panel share: its head, its moment, and who is answered.
 *
 * The moment belongs to the kernel, but it moves here at once: a drag and a run of the
 * player must not wait for messages, of which there are ten a second.
 */

import { Audience, listen, post } from "../host";
import { throttle } from "../throttle";
import {
  type Answer,
  type EventModel,
  type Head,
  isNews,
  type News,
  type Outgoing,
  readSnapshot,
  type Tab,
} from "./model";

/** A drag tells the kernel so often, at most. */
export const MOVE_MS = 50;

/** So long the kernel may take to follow what was pressed here. */
const PATIENCE_MS = 600;

/** While playing, what the kernel says may differ by so many real seconds. */
const DRIFT = 0.25;

/** How long "fit" plays, in seconds. */
const FIT = 10;

export type Speed = number | "fit";

export interface EventStore {
  readonly audience: Audience;
  /** Called when the head or the moment has changed. */
  readonly watchers: Set<() => void>;
  /** Views by name, and what tells them their answers. */
  readonly views: Map<string, (answer: Answer) => void>;
  readonly head: Head;
  /** What a view shows before it was answered itself. */
  readonly first: Answer;
  /** A message to the kernel could not be sent. */
  readonly unreachable: boolean;
  /** The kernel has gone: no clock goes on. */
  stopped: boolean;
  /** What a new view begins with: how the last one was left. */
  readonly memory: { tab?: Tab; filter?: string; speed?: string };
  readonly began: number;
  /** The end: where something goes on, our clock carries it on. */
  readonly ended: number;
  /** The time that is looked at; null follows the end. */
  readonly moment: number | null;
  readonly playing: boolean;
  /** Follow the model; returns the way to stop. */
  attach(): () => void;
  /** Go to a time, or to the end. */
  move(at: number | null): void;
  /** Go to the moment of one record. */
  moveTo(number: number): void;
  /** Go to the next event that passes a filter, or to the one before. */
  step(step: 1 | -1, filter: string): void;
  play(speed: Speed): void;
  pause(): void;
  /** Send a message; false if nobody can be reached. */
  send(message: Outgoing): boolean;
}

/** `lost` is called when views have to say again what they show: another page has loaded,
 * or messages were missed. */
export function eventStore(
  model: EventModel,
  lost: (missed: boolean) => void = () => {},
): EventStore {
  const watchers = new Set<() => void>();
  const views = new Map<string, (answer: Answer) => void>();
  const drags = throttle(MOVE_MS);
  const page = Math.random().toString(36).slice(2, 12);
  let { seq, head, answer: first } = readSnapshot(model);
  let headAt = performance.now();
  let { moment, speed } = head;
  let momentAt = performance.now();
  let unreachable = false;
  let stopped = false;
  let sent = 0;
  /** The last message that moved the moment here as well. */
  let led = 0;
  let pressedAt = Number.NEGATIVE_INFINITY;
  let waiting: Outgoing | null = null;

  const began = (): number => head.began ?? 0;

  function ended(): number {
    const told = head.ended ?? began();
    if (!head.ticks || unreachable || stopped) return told;
    return told + (performance.now() - headAt) / 1000;
  }

  function momentNow(): number | null {
    if (moment === null || speed === 0) return moment;
    const passed = (performance.now() - momentAt) / 1000;
    return Math.min(moment + speed * passed, head.ended ?? 0);
  }

  function set(to: number | null): void {
    moment = to;
    momentAt = performance.now();
  }

  function tell(): void {
    for (const watcher of watchers) watcher();
  }

  // -- what is asked of the kernel

  function send(message: Outgoing): boolean {
    const reached = post(model, message);
    if (reached === unreachable) {
      unreachable = !reached;
      tell();
    }
    return reached;
  }

  function flushNow(): void {
    const message = waiting;
    waiting = null;
    if (message) send(message);
  }

  /** Move the moment in a way that the kernel alone can work out. */
  function ask(message: Record<string, unknown>): void {
    flushNow();
    sent += 1;
    send({ ...message, type: "moment", by: page, n: sent });
  }

  function press(to: number | null, speedThen: number, message: Outgoing): void {
    flushNow();
    set(to);
    speed = speedThen;
    pressedAt = performance.now();
    send(message);
    tell();
  }

  // -- what comes

  function onNews(news: News): void {
    // What is older than the snapshot says nothing new.
    if (news.seq <= seq) return;
    const missed = news.seq > seq + 1;
    const newPage = news.head.epoch !== head.epoch;
    const everybody = news.to[""];
    seq = news.seq;
    take(news.head);
    if (everybody) first = { ...first, ...everybody };
    for (const [view, answered] of views) {
      const answer = news.to[view] ?? (everybody && {});
      if (answer) answered(answer);
    }
    if (missed || newPage) lost(missed);
  }

  function take(told: Head): void {
    head = { ...head, ...told };
    headAt = performance.now();
    unreachable = false;
    const [by, n] = head.moved;
    const stale = by === page ? n < led : waiting !== null;
    const ours = performance.now() - pressedAt < PATIENCE_MS;
    const early = ours && head.speed > 0 !== speed > 0;
    if (!stale && !early) follow();
    tell();
  }

  /** Take the kernel's moment, unless we are but a little ahead or behind. */
  function follow(): void {
    const here = momentNow();
    const close = DRIFT * Math.max(head.speed, speed);
    const apart = here === null || head.moment === null ? null : here - head.moment;
    const steady = apart !== null && head.speed > 0 && Math.abs(apart) <= close;
    if (!steady || head.speed !== speed) set(steady ? here : head.moment);
    speed = head.speed;
  }

  function onSnapshot(): void {
    const snapshot = readSnapshot(model);
    seq = snapshot.seq;
    first = snapshot.answer;
    take(snapshot.head);
    for (const answered of views.values()) answered({});
  }

  return {
    audience: new Audience(),
    watchers,
    views,
    memory: {},
    get head() {
      return head;
    },
    get first() {
      return first;
    },
    get unreachable() {
      return unreachable;
    },
    get stopped() {
      return stopped;
    },
    set stopped(is) {
      stopped = is;
    },
    get began() {
      return began();
    },
    get ended() {
      return ended();
    },
    get moment() {
      return momentNow();
    },
    get playing() {
      return speed > 0;
    },
    attach() {
      const stop = listen(model, {
        "change:snapshot": onSnapshot,
        "msg:custom"(message) {
          if (isNews(message)) onNews(message);
        },
        comm_live_update() {
          unreachable = false;
          tell();
        },
      });
      return () => {
        stop();
        drags.dispose();
      };
    },
    move(at) {
      const to = at === null ? null : Math.max(began(), Math.min(at, ended()));
      set(to);
      if (to === null) speed = 0;
      sent += 1;
      led = sent;
      waiting = { type: "moment", at: to, by: page, n: sent };
      drags.run(flushNow);
      tell();
    },
    moveTo: (number) => ask({ number }),
    step(step, filter) {
      speed = 0;
      ask({ step, filter });
    },
    play(wanted) {
      const end = head.ended;
      if (end === null) return;
      const from = moment === null || moment >= end ? began() : momentNow();
      const fit = Math.max(0.01, (end - began()) / FIT);
      press(from, wanted === "fit" ? fit : wanted, { type: "play", speed: wanted });
    },
    pause() {
      const at = momentNow();
      sent += 1;
      led = sent;
      // What a person sees is where it stands, not where the kernel has come to.
      press(at, 0, { type: "pause", at, by: page, n: sent });
    },
    send,
  };
}
