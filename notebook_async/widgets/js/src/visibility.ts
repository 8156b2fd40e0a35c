/** Whether an element is on screen: scrolled into view, on a page that is shown. */

export function watchVisibility(
  node: Element,
  report: (visible: boolean) => void,
): () => void {
  let inView = true;
  const tell = (): void => report(inView && !document.hidden);
  const observer =
    typeof IntersectionObserver === "undefined"
      ? null
      : new IntersectionObserver((entries) => {
          inView = entries[entries.length - 1]?.isIntersecting ?? inView;
          tell();
        });
  observer?.observe(node);
  if (!observer) tell();
  document.addEventListener("visibilitychange", tell);
  return () => {
    observer?.disconnect();
    document.removeEventListener("visibilitychange", tell);
  };
}
