/** Moving a picture about: drag, ctrl+wheel, + and -. A plain wheel scrolls the page. */

/** Pixels that a pointer may tremble in a click. */
const TREMBLE = 4;

export interface Moves {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  /** A click, or a tap, at a place of the picture. */
  click(x: number, y: number, target: Element | null): void;
  hover(x: number, y: number): void;
}

export function watchGestures(node: HTMLElement, moves: Moves): () => void {
  const aborter = new AbortController();
  const { signal } = aborter;
  let held: { id: number; x: number; y: number; moved: boolean } | null = null;
  let dragged = false;

  const place = (event: MouseEvent): [x: number, y: number] => {
    const { left, top } = node.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || held) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    dragged = false;
  };
  const onMove = (event: PointerEvent): void => {
    if (!held || event.pointerId !== held.id) {
      moves.hover(...place(event));
      return;
    }
    const dx = event.clientX - held.x;
    const dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < TREMBLE) return;
    if (!held.moved) {
      // Not sooner: the click of a captured pointer has lost its target.
      node.setPointerCapture?.(held.id);
      node.classList.add("na-g-held");
    }
    held = { id: held.id, x: event.clientX, y: event.clientY, moved: true };
    dragged = true;
    moves.pan(dx, dy);
  };
  const onUp = (): void => {
    held = null;
    node.classList.remove("na-g-held");
  };
  const onClick = (event: MouseEvent): void => {
    if (dragged) dragged = false;
    else moves.click(...place(event), event.target as Element | null);
  };
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    // A trackpad pinch comes as many small steps, a wheel as few large ones, or lines.
    const lines = event.deltaMode === 1 ? 16 : 1;
    const step = Math.max(-120, Math.min(120, event.deltaY * lines));
    moves.zoom(Math.exp(-step / 300), ...place(event));
  };
  const listeners = {
    pointerdown: onDown,
    pointermove: onMove,
    pointerup: onUp,
    pointercancel: onUp,
    click: onClick,
    wheel: onWheel,
  };
  for (const [name, listener] of Object.entries(listeners))
    node.addEventListener(name, listener as EventListener, { signal, passive: false });
  return () => aborter.abort();
}
