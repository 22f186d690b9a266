// Every text against the first opaque ground under it: those whose contrast is below what WCAG AA asks for.
() => {
  const numbers = (css) => (css.match(/[\d.]+/g) || []).map(Number);
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *:not(script, style, option)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    if (!own || !element.checkVisibility() || element.closest("svg") || size === 0) continue;
    const [ink, paper] = [light(numbers(style.color)), light(ground(element))];
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < (size >= 24 ? 3 : 4.5)) poor.push([element.tagName, element.className, element.textContent, ratio]);
  }
  return poor;
}
