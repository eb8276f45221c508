/** Opens or closes a native popover; harmless when it is in that state already, or where the platform has none. */
export function showPopover(element: HTMLElement, open: boolean): void {
  if (typeof element.showPopover !== 'function') {
    element.toggleAttribute('data-open', open);
    return;
  }
  if (element.matches(':popover-open') === open) return;
  if (open) element.showPopover();
  else element.hidePopover();
}

/** Below the anchor (above it where there is no room), kept inside the window by 8 pixels. Call it when shown. */
export function placeNear(
  element: HTMLElement,
  anchor: HTMLElement,
  align: 'start' | 'end' | 'centre' = 'start',
): void {
  const gap = 4;
  const edge = 8;
  const from = anchor.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const left = {
    start: from.left,
    end: from.right - width,
    centre: from.left + (from.width - width) / 2,
  }[align];
  const below = from.bottom + gap;
  const top = below + height > window.innerHeight - edge ? from.top - gap - height : below;
  element.style.left = `${Math.max(edge, Math.min(left, window.innerWidth - width - edge))}px`;
  element.style.top = `${Math.max(edge, top)}px`;
}
