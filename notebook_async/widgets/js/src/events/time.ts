/** Times and durations within a recording, as a person reads them. */

/** Seconds as "0:05.82"; cut off and not rounded, as a clock is. */
export function fineClock(seconds: number, digits = 2): string {
  const sign = seconds < 0 ? "-" : "";
  const scale = 10 ** digits;
  const all = Math.floor(Math.abs(seconds) * scale + 1e-6);
  const part = String(all % scale).padStart(digits, "0");
  const whole = Math.floor(all / scale);
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const head =
    minutes >= 60 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}` : `${minutes}`;
  return `${sign}${head}:${two(whole % 60)}${digits ? `.${part}` : ""}`;
}

/** A duration in the unit that suits it: "0.42 ms", "310 ms", "2.50 s", "1:02.50". */
export function duration(seconds: number): string {
  if (seconds >= 60) return fineClock(seconds);
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  const ms = seconds * 1000;
  if (ms >= 10) return `${ms.toFixed(0)} ms`;
  return ms >= 0.1 ? `${ms.toFixed(2)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}

const STEPS = [1, 2, 5];

/** Round times for an axis, so many at most, and how many digits tell them apart. */
export function ticks(
  start: number,
  end: number,
  most: number,
): { times: number[]; digits: number } {
  const span = end - start;
  if (!(span > 0) || most < 1) return { times: [], digits: 0 };
  const step = roundUp(span / most);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const times: number[] = [];
  // By number, for sums of small steps drift.
  for (let i = Math.ceil(start / step - 1e-9); i * step <= end; i += 1)
    times.push(i * step);
  return { times, digits: Math.min(6, digits) };
}

function roundUp(least: number): number {
  if (least > 30) {
    const minutes = [60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400];
    return minutes.find((step) => step >= least) ?? least;
  }
  if (least > 10) return least > 20 ? 30 : least > 15 ? 20 : 15;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = STEPS.find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return step * power;
}
