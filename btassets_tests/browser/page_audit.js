// What a reader could stumble over, measured in the page itself. Returns a list of sentences, empty when all is well.
(() => {
  const found = [];
  const say = (what, node) => {
    const text = (node.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 50);
    found.push(`${what}: <${node.tagName.toLowerCase()} class="${node.getAttribute('class') || ''}"> "${text}"`);
  };
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, k) => c * top[3] + below[k] * (1 - top[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  // A text of a chart lies on the last filled rectangle before it that holds its middle.
  const chartGround = (text, box) => {
    let colour = ground(text.closest('svg.chart, svg').parentElement);
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    for (const rect of text.closest('svg').querySelectorAll('rect')) {
      if (!(rect.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
      const own = rect.getBoundingClientRect();
      const style = getComputedStyle(rect);
      if (style.fill === 'none' || own.left > x || own.right < x || own.top > y || own.bottom < y) continue;
      colour = over(rgba(style.fill), colour);
    }
    return colour;
  };
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isForReadersAlone = (node) => node.closest('caption, title, desc');
  const width = document.documentElement.clientWidth;

  // Letters: size, contrast, cut at the edge of the page.
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (!node.data.trim() || !isShown(holder) || isForReadersAlone(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
    if (!boxes.length) continue;
    const style = getComputedStyle(holder);
    const isChart = holder.closest('svg');
    if (parseFloat(style.fontSize) < 11) say(`letters of ${style.fontSize}`, holder);
    const ink = isChart ? style.fill : style.color;
    for (const box of boxes) {
      const below = isChart ? chartGround(holder, box) : ground(holder);
      const seen = contrast(over(rgba(ink), below), below);
      if (seen < 4.5) say(`contrast ${seen.toFixed(2)}`, holder);
    }
    const box = range.getBoundingClientRect();
    texts.push({ holder, box });
    if (!holder.closest('.scroll, nav') && (box.left < -0.5 || box.right > width + 0.5)) say('beyond the page', holder);
    // A cell that hides what does not fit would cut it without a word.
    if (style.overflowX === 'hidden' && holder.scrollWidth > holder.clientWidth + 1) say('cut', holder);
  }

  // A desk shows every table whole: nothing to scroll for, nothing over the rule of its section.
  if (width >= 1180 && !matchMedia('print').matches) {
    for (const box of document.querySelectorAll('section .scroll')) {
      if (box.offsetParent && !box.closest('details') && box.scrollWidth > box.clientWidth + 1) say(`a table cut by ${box.scrollWidth - box.clientWidth}px`, box);
      if (box.getBoundingClientRect().right > box.closest('section').getBoundingClientRect().right + 1) say('a table over its rule', box);
    }
  }

  // Words on words: of neighbours in one chart, and of blocks of the page.
  for (const chart of document.querySelectorAll('svg.chart')) {
    if (!isShown(chart)) continue;
    const own = texts.filter(({ holder }) => holder.closest('svg.chart') === chart);
    for (let a = 0; a < own.length; a += 1) {
      for (let b = a + 1; b < own.length; b += 1) {
        const [p, q] = [own[a].box, own[b].box];
        const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (wide > 1.5 && tall > 4) say(`words over "${own[b].holder.textContent}"`, own[a].holder);
      }
    }
    const frame = chart.getBoundingClientRect();
    const margin = parseFloat(getComputedStyle(chart).marginLeft) || 0; // for the labels of the value axis
    for (const { holder, box } of own) {
      if (box.left < frame.left - Math.max(12, margin) || box.right > frame.right + 12) say('beyond its chart', holder);
      if (box.top < frame.top - 3 || box.bottom > frame.bottom + 3) say('above or below its chart', holder);
    }
  }
  const blocks = [...document.querySelectorAll('section, header, footer, figure, .tile, .block, h1, h2, h3, p, table, ul, ol, dl')]
    .filter(isShown);
  for (const one of blocks) {
    const next = one.nextElementSibling;
    if (!next || !isShown(next)) continue;
    const [p, q] = [one.getBoundingClientRect(), next.getBoundingClientRect()];
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1.5 && tall > 1.5) say('lies over its neighbour', one);
  }

  // The page itself does not scroll sideways; what is wide scrolls in its own box, which keys can reach.
  if (document.documentElement.scrollWidth > width + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const box of document.querySelectorAll('.scroll')) {
    if (box.tabIndex !== 0 || !box.getAttribute('aria-label')) say('a scrolling box without key or name', box);
  }

  // What a screen reader needs.
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title) found.push('no title');
  if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
  if (document.querySelectorAll('main').length !== 1) found.push('not one main');
  let before = 0;
  for (const head of document.querySelectorAll('h1, h2, h3, h4')) {
    const level = Number(head.tagName[1]);
    if (level > before + 1) say(`heading of level ${level} after ${before}`, head);
    before = level;
  }
  const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
  for (const id of ids.filter((id, k) => ids.indexOf(id) !== k)) found.push(`id ${id} twice`);
  for (const chart of document.querySelectorAll('svg[role=img]')) {
    const names = (chart.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
    const isNamed = names.length
      ? names.every((id) => document.getElementById(id)?.textContent.trim())
      : chart.getAttribute('aria-label') || chart.querySelector(':scope > title')?.textContent.trim();
    if (!isNamed) say('a chart without its words', chart);
  }
  for (const node of document.querySelectorAll('svg:not([role=img]):not([aria-hidden=true])')) {
    if (!node.parentElement.closest('svg')) say('a picture that is neither named nor hidden', node);
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.querySelector('th[scope]')) say('a table without headings', table);
  }
  return found;
})()
