"""What a page must have whatever it shows: no sideways scrolling, and letters that can be read."""

from __future__ import annotations

from tests.support.browser import Window, until

CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  function ground(element) {
    const layers = [];
    for (let at = element; at !== null; at = at.parentElement) {
      layers.push(rgba(getComputedStyle(at).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  }
  function light(colour) {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const words = node.textContent.trim();
    if (words === '' || element.closest(':disabled, [aria-disabled="true"], .is-disabled')) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const letters = over(rgba(style.color), below);
    const [dark, bright] = [light(letters), light(below)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${words.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return found;
}
"""
"""Texts below WCAG 2 AA's contrast (1.4.3); what can't be pressed is exempt there."""


ENDS = "(one) => one.effect?.getComputedTiming().iterations !== Infinity"
"""Of what moves on a page: what does not for ever."""


async def at_rest(window: Window) -> None:
    """Wait until nothing moves or fades any more; what moves for ever does not count."""

    async def look() -> bool:
        still: bool = await window.page.evaluate(
            f"""async () => {{
              // The end of one fading can begin the next: it must be still for three frames.
              for (let frame = 0; frame < 3; frame += 1) {{
                await new Promise((next) => requestAnimationFrame(next));
                if (document.getAnimations().some({ENDS})) return false;
              }}
              return true;
            }}"""
        )
        return still

    await until(look, "the page is at rest")


async def reads_well(window: Window) -> None:
    """Every text that is seen stands out from its ground, and nothing fades while it is looked at."""
    too_pale: list[str] = []

    async def look() -> bool:
        await at_rest(window)
        found: list[str] | None = await window.page.evaluate(
            f"() => {{ const found = ({CONTRAST})();"
            f" return document.getAnimations().some({ENDS}) ? null : found; }}"
        )
        too_pale[:] = found or []
        return found is not None

    await until(look, "the page is at rest")
    assert not too_pale, "; ".join(too_pale)


async def fits(window: Window) -> None:
    """The page is no wider than the window, and nothing in view sticks out of it."""
    wide: int = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} pixels wider than the window"
    outside: list[str] = await window.page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, [data-test]')]
          .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert not outside, "; ".join(outside)
