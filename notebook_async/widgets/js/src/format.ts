/** Numbers as a person reads them. Grouping is fixed, so that pictures do not vary. */

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1634 -> "1,634" */
export function count(n: number): string {
  return GROUPED.format(n);
}

/** Seconds as a clock, rounded down: "0:04", "12:30", "1:02:03". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${count(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Seconds still to go, rounded up, so that "0:00 left" is never a lie. */
export function remaining(seconds: number): string {
  const day = 86_400;
  if (seconds < day) return clock(Math.ceil(seconds));
  const days = Math.floor(seconds / day);
  return `${count(days)} d ${Math.floor((seconds - days * day) / 3600)} h`;
}

/** Items per second in the largest unit that keeps the number at 1 or more. */
export function rate(perSecond: number): string {
  if (perSecond <= 0) return "0 /s";
  for (const [unit, factor] of [
    ["s", 1],
    ["min", 60],
  ] as const) {
    if (perSecond * factor >= 1) return `${short(perSecond * factor)} /${unit}`;
  }
  return `${short(perSecond * 3600)} /h`;
}

function short(n: number): string {
  return n < 9.95 ? n.toFixed(1) : count(n);
}

/** A number of characters: "312 characters", "48 k characters", "1.2 M characters". */
export function size(characters: number): string {
  if (characters < 1000) return `${characters} characters`;
  if (characters < 999_500) return `${Math.round(characters / 1000)} k characters`;
  return `${(characters / 1e6).toFixed(1)} M characters`;
}
