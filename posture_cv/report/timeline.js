// The timeline of a recording. Draws from a pyramid of minima and maxima, so that one drawing costs what the
// screen holds and not what the recording holds. No library, no request, no style attribute in the page.
"use strict";
(function () {
  const MISSING = -32768;
  const holder = document.getElementById("timeline");
  if (!holder) return;
  const data = JSON.parse(document.getElementById("timeline-data").textContent);
  const say = document.getElementById("timeline-readout");
  const view = { from: data.start_s, to: data.end_s };
  const lanes = [];
  let cursor = null;
  let queued = false;
  let colours = {};

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["text", "quiet", "line", "band", "envelope", "grid", "limit", "alert", "card", "hatch"]) {
      colours[name] = style.getPropertyValue("--" + name).trim();
    }
  }

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Int16Array(await new Response(stream).arrayBuffer());
  }

  // One level: extremes and uncertainty in bins twice as wide as those of the level below.
  function halved(level) {
    const n = Math.ceil(level.low.length / 2);
    const out = { low: new Int16Array(n), high: new Int16Array(n), sd: new Int16Array(n) };
    for (let k = 0; k < n; k++) {
      const a = 2 * k, b = Math.min(a + 1, level.low.length - 1);
      const first = level.low[a] !== MISSING, second = level.low[b] !== MISSING;
      if (!first && !second) {
        out.low[k] = out.high[k] = out.sd[k] = MISSING;
        continue;
      }
      const x = first ? a : b, y = second ? b : a;
      out.low[k] = Math.min(level.low[x], level.low[y]);
      out.high[k] = Math.max(level.high[x], level.high[y]);
      out.sd[k] = Math.max(level.sd[x], level.sd[y]);
    }
    return out;
  }

  function pyramid(packed, place) {
    const n = data.bins, q = data.quantities.length;
    const levels = [{
      low: packed.subarray(place * n, (place + 1) * n),
      high: packed.subarray((q + place) * n, (q + place + 1) * n),
      sd: packed.subarray((2 * q + place) * n, (2 * q + place + 1) * n),
    }];
    while (levels[levels.length - 1].low.length > 256) levels.push(halved(levels[levels.length - 1]));
    return levels;
  }

  function clock(t, fine) {
    const sign = t < 0 ? "-" : "";
    t = Math.abs(t);
    const h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60, s = t % 60;
    const tail = fine ? s.toFixed(1).padStart(4, "0") : String(Math.floor(s)).padStart(2, "0");
    return sign + (h ? h + ":" + String(m).padStart(2, "0") : m) + ":" + tail;
  }

  function niceStep(span, most) {
    for (const step of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400]) {
      if (span / step <= most) return step;
    }
    return Math.ceil(span / most / 3600) * 3600;
  }

  function niceValues(low, high, most) {
    const raw = (high - low) / most, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= most);
    const out = [];
    for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) out.push(Math.abs(v) < 1e-9 ? 0 : v);
    return out;
  }

  const LEFT = 46, RIGHT = 8;
  function geometry(canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.font = "11px system-ui, sans-serif";
    return { ctx, width, height, x: (t) => LEFT + (t - view.from) / (view.to - view.from) * (width - LEFT - RIGHT) };
  }

  function timeAt(canvas, clientX) {
    const box = canvas.getBoundingClientRect();
    const share = (clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    return view.from + share * (view.to - view.from);
  }

  function drawCursor(g) {
    if (cursor === null || cursor < view.from || cursor > view.to) return;
    g.ctx.strokeStyle = colours.quiet;
    g.ctx.lineWidth = 1;
    g.ctx.beginPath();
    g.ctx.moveTo(g.x(cursor), 0);
    g.ctx.lineTo(g.x(cursor), g.height);
    g.ctx.stroke();
  }

  // First stretch that ends after t; stretches are in order.
  function firstRun(t) {
    let a = 0, b = data.runs.length;
    while (a < b) {
      const m = (a + b) >> 1;
      if (data.runs[m][1] <= t) a = m + 1; else b = m;
    }
    return a;
  }

  function hatch(ctx, x, y, w, h) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, y, w, h);
    ctx.clip();
    ctx.strokeStyle = colours.hatch;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let k = x - h - ((x - h) % 6); k < x + w; k += 6) {
      ctx.moveTo(k, y + h);
      ctx.lineTo(k + h, y);
    }
    ctx.stroke();
    ctx.restore();
  }

  function eachRun(g, draw) {
    let last = -1e9;
    for (let k = firstRun(view.from); k < data.runs.length && data.runs[k][0] < view.to; k++) {
      const run = data.runs[k];
      const x1 = Math.max(g.x(run[0]), LEFT), x2 = Math.min(g.x(run[1]), g.width - RIGHT);
      if (x2 - last < 0.4) continue; // narrower than what can be seen
      last = x2;
      draw(run, x1, Math.max(x2 - x1, 0.6));
    }
  }

  function drawStates(canvas) {
    const g = geometry(canvas);
    hatch(g.ctx, LEFT, 16, g.width - LEFT - RIGHT, 26);
    eachRun(g, (run, x, w) => {
      if (data.unmeasured.includes(run[2])) {
        g.ctx.fillStyle = colours.card;
        g.ctx.fillRect(x, 16, w, 26);
        hatch(g.ctx, x, 16, w, 26);
      } else {
        g.ctx.fillStyle = data.states[run[2]].colour;
        g.ctx.fillRect(x, 16, w, 26);
      }
    });
    g.ctx.fillStyle = colours.alert;
    for (const alert of data.alerts) {
      if (alert.t_s < view.from || alert.t_s > view.to) continue;
      const x = g.x(alert.t_s);
      g.ctx.beginPath();
      g.ctx.moveTo(x - 5, 2);
      g.ctx.lineTo(x + 5, 2);
      g.ctx.lineTo(x, 13);
      g.ctx.fill();
    }
    const step = niceStep(view.to - view.from, Math.max(2, g.width / 90));
    g.ctx.fillStyle = colours.quiet;
    g.ctx.textAlign = "center";
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      g.ctx.fillRect(g.x(t), 42, 1, 4);
      g.ctx.textAlign = g.x(t) > g.width - 24 ? "right" : "center";
      g.ctx.fillText(clock(t, step < 1), Math.min(g.x(t), g.width), 57);
    }
    drawCursor(g);
  }

  function drawLane(lane) {
    const g = geometry(lane.canvas), ctx = g.ctx, q = lane.about;
    const scale = Math.pow(10, q.decimals), bottom = g.height - 8, top = 8;
    const y = (v) => bottom - (v - lane.low) / (lane.high - lane.low) * (bottom - top);
    ctx.textAlign = "right";
    for (const v of niceValues(lane.low, lane.high, 4)) {
      ctx.fillStyle = colours.grid;
      ctx.fillRect(LEFT, y(v), g.width - LEFT - RIGHT, 1);
      ctx.fillStyle = colours.quiet;
      ctx.fillText(+v.toFixed(4), LEFT - 6, y(v) + 4);
    }
    eachRun(g, (run, x, w) => { if (data.unmeasured.includes(run[2])) hatch(ctx, x, top, w, bottom - top); });
    const pixels = g.width - LEFT - RIGHT;
    let depth = 0;
    const visible = (view.to - view.from) / data.bin_s;
    while (depth + 1 < lane.levels.length && visible / (1 << depth) > 1.5 * pixels) depth++;
    const level = lane.levels[depth], width = data.bin_s * (1 << depth);
    const first = Math.max(0, Math.floor((view.from - data.start_s) / width) - 1);
    const last = Math.min(level.low.length, Math.ceil((view.to - data.start_s) / width) + 1);
    ctx.save();
    ctx.beginPath();
    ctx.rect(LEFT, 0, pixels, g.height);
    ctx.clip();
    const shapes = [new Path2D(), new Path2D(), new Path2D()]; // band, envelope, line
    let k = first;
    while (k < last) {
      if (level.low[k] === MISSING) { k++; continue; }
      let end = k;
      while (end < last && level.low[end] !== MISSING) end++;
      outline(shapes, level, k, end, (i) => g.x(data.start_s + (i + 0.5) * width), y, scale, g.x(width) - g.x(0));
      k = end;
    }
    ctx.fillStyle = colours.band;
    ctx.fill(shapes[0]);
    ctx.fillStyle = colours.envelope;
    ctx.fill(shapes[1]);
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1.2;
    ctx.stroke(shapes[2]);
    ctx.strokeStyle = colours.limit;
    ctx.setLineDash([5, 4]);
    ctx.fillStyle = colours.limit;
    let written = -99;
    for (const [value, text] of q.limits) {
      if (value < lane.low || value > lane.high) continue;
      ctx.beginPath();
      ctx.moveTo(LEFT, y(value));
      ctx.lineTo(g.width - RIGHT, y(value));
      ctx.stroke();
      const base = y(value) < 14 ? y(value) + 11 : y(value) - 3; // at the upper edge there is no room above
      if (Math.abs(base - written) > 11) {
        ctx.fillText(text, g.width - RIGHT - 4, base);
        written = base;
      }
    }
    ctx.setLineDash([]);
    ctx.restore();
    drawCursor(g);
    lane.depth = depth;
    lane.drawn = last - first;
  }

  // The three shapes of one unbroken stretch of bins.
  function outline(shapes, level, k, end, x, y, scale, wide) {
    const [band, envelope, line] = shapes;
    const half = end - k === 1 ? Math.max(wide / 2, 0.5) : 0;
    const edge = (i, sign, sds) => {
      const base = sign > 0 ? level.high[i] : level.low[i];
      return y((base + sign * sds * level.sd[i] / 10) / scale);
    };
    for (const [path, sds] of [[band, 1.645], [envelope, 0]]) {
      path.moveTo(x(k) - half, edge(k, 1, sds));
      for (let i = k; i < end; i++) path.lineTo(x(i), edge(i, 1, sds));
      path.lineTo(x(end - 1) + half, edge(end - 1, 1, sds));
      path.lineTo(x(end - 1) + half, edge(end - 1, -1, sds));
      for (let i = end - 1; i >= k; i--) path.lineTo(x(i), edge(i, -1, sds));
      path.lineTo(x(k) - half, edge(k, -1, sds));
      path.closePath();
    }
    for (let i = k; i < end; i++) {
      const middle = y((level.low[i] + level.high[i]) / 2 / scale);
      if (i === k) line.moveTo(x(i) - half, middle); else line.lineTo(x(i), middle);
    }
    if (half) line.lineTo(x(k) + half, y((level.low[k] + level.high[k]) / 2 / scale));
  }

  const strip = holder.querySelector("canvas.states");
  function draw() {
    queued = false;
    drawStates(strip);
    for (const lane of lanes) if (lane.onScreen && lane.canvas.clientWidth) drawLane(lane);
    holder.setAttribute("aria-label", "Timeline, showing " + clock(view.from, true) + " to " + clock(view.to, true));
  }
  function redraw() {
    if (!queued) { queued = true; requestAnimationFrame(draw); }
  }

  const SHORTEST = Math.max(data.bin_s * 8, 0.5);
  function show(from, to) {
    const whole = data.end_s - data.start_s, span = Math.min(Math.max(to - from, SHORTEST), Math.max(whole, SHORTEST));
    from = (from + to) / 2 - span / 2;
    from = Math.min(Math.max(from, data.start_s), Math.max(data.end_s - span, data.start_s));
    view.from = from;
    view.to = from + span;
    redraw();
  }
  function zoom(factor, about) {
    const t = about === undefined ? (cursor !== null && cursor > view.from && cursor < view.to ? cursor : (view.from + view.to) / 2) : about;
    const span = (view.to - view.from) * factor;
    const share = (t - view.from) / (view.to - view.from);
    const wide = Math.min(Math.max(span, SHORTEST), data.end_s - data.start_s);
    show(t - share * wide, t + (1 - share) * wide);
  }
  function pan(share) {
    const by = share * (view.to - view.from);
    show(view.from + by, view.to + by);
  }

  function report() {
    if (cursor === null) { say.textContent = ""; return; }
    const run = data.runs[firstRun(cursor)];
    const inside = run && run[0] <= cursor;
    const parts = [clock(cursor, true)];
    parts.push(inside ? data.states[run[2]].name + (run[3] ? " (" + data.reasons[run[3]] + ")" : "") : "no picture");
    for (const lane of lanes) {
      const k = Math.floor((cursor - data.start_s) / data.bin_s), level = lane.levels[0], q = lane.about;
      const scale = Math.pow(10, q.decimals);
      if (k < 0 || k >= data.bins || level.low[k] === MISSING) {
        lane.value.textContent = "cannot be told";
        continue;
      }
      const low = level.low[k] / scale, high = level.high[k] / scale, sd = level.sd[k] / scale / 10;
      const value = low === high ? low.toFixed(q.decimals) : low.toFixed(q.decimals) + " to " + high.toFixed(q.decimals);
      lane.value.textContent = value + " " + q.unit + ", sd " + sd.toFixed(q.decimals);
    }
    const away = (a) => Math.abs(a.t_s - cursor);
    const near = data.alerts.reduce((best, a) => (best && away(best) <= away(a) ? best : a), null);
    if (near && away(near) <= (view.to - view.from) / 200) parts.push("alert: " + near.cue + ", " + near.level + (near.seen ? ". " + near.seen : ""));
    say.textContent = parts.join(" · ");
  }
  function point(t) {
    cursor = Math.min(Math.max(t, data.start_s), data.end_s);
    report();
    redraw();
  }
  function nextAlert(direction) {
    const t = cursor === null ? (direction > 0 ? data.start_s - 1 : data.end_s + 1) : cursor;
    const ahead = data.alerts.filter((a) => (a.t_s - t) * direction > 1e-6);
    if (!ahead.length) return;
    const alert = direction > 0 ? ahead[0] : ahead[ahead.length - 1];
    const half = (view.to - view.from) / 2;
    if (alert.t_s < view.from || alert.t_s > view.to) show(alert.t_s - half, alert.t_s + half);
    point(alert.t_s);
  }

  const KEYS = {
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(data.start_s, data.end_s),
    "Home": () => show(data.start_s, data.start_s + view.to - view.from),
    "End": () => show(data.end_s - view.to + view.from, data.end_s),
    "PageUp": () => pan(-0.9), "PageDown": () => pan(0.9), "n": () => nextAlert(1), "p": () => nextAlert(-1),
  };
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (view.to - view.from) / 200 * (event.shiftKey ? 10 : 1);
    const middle = (view.from + view.to) / 2;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const t = (cursor === null ? middle : cursor) + (event.key === "ArrowLeft" ? -step : step);
      point(t);
      if (cursor < view.from || cursor > view.to) pan(cursor < view.from ? -0.5 : 0.5);
    } else if (KEYS[event.key]) {
      KEYS[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  }

  function listen(canvas) {
    let held = null;
    canvas.addEventListener("pointermove", (e) => {
      if (held !== null) {
        const by = timeAt(canvas, held) - timeAt(canvas, e.clientX);
        held = e.clientX;
        show(view.from + by, view.to + by);
      }
      point(timeAt(canvas, e.clientX));
    });
    canvas.addEventListener("pointerdown", (e) => { held = e.clientX; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("pointercancel", () => { held = null; });
    canvas.addEventListener("dblclick", (e) => zoom(0.25, timeAt(canvas, e.clientX)));
    canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && Math.abs(e.deltaX) < Math.abs(e.deltaY) && !e.shiftKey) {
        if (!holder.contains(document.activeElement)) return; // scroll the page until the timeline is chosen
        zoom(Math.exp(e.deltaY * 0.002), timeAt(canvas, e.clientX));
      } else {
        pan((e.deltaX || e.deltaY) / 1000);
      }
      e.preventDefault();
    }, { passive: false });
  }

  function range(levels, about) {
    const scale = Math.pow(10, about.decimals), top = levels[levels.length - 1];
    let low = 0, high = 0;
    for (let k = 0; k < top.low.length; k++) {
      if (top.low[k] === MISSING) continue;
      low = Math.min(low, top.low[k] / scale);
      high = Math.max(high, top.high[k] / scale);
    }
    const margin = Math.max((high - low) * 0.12, about.least);
    return [low - margin, high + margin];
  }

  function makeLane(about, levels) {
    const box = document.createElement("figure");
    box.className = "lane";
    const head = document.createElement("figcaption");
    const title = document.createElement("b"), value = document.createElement("span");
    title.textContent = about.title + " [" + about.unit + "]";
    head.append(title, value);
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    box.append(head, canvas);
    holder.querySelector(about.headline ? ".lanes" : ".lanes.others").append(box);
    const [low, high] = range(levels, about);
    const lane = { about, levels, canvas, value, low, high, onScreen: true };
    listen(canvas);
    return lane;
  }

  // With #timing in the address: how long one complete drawing of every lane takes, at every zoom.
  function timing() {
    const times = [];
    let most = 0;
    holder.querySelector("details.more").open = true;
    for (const lane of lanes) lane.onScreen = true;
    for (let span = data.end_s - data.start_s; span >= SHORTEST && times.length < 200; span *= 0.7) {
      for (const share of [0, 0.37, 0.8]) {
        view.from = data.start_s + share * (data.end_s - data.start_s - span);
        view.to = view.from + span;
        const began = performance.now();
        draw();
        most = Math.max(most, ...lanes.map((l) => l.drawn));
        times.push(performance.now() - began);
      }
    }
    times.sort((a, b) => a - b);
    const out = document.createElement("output");
    out.id = "timing";
    out.textContent = JSON.stringify({
      drawings: times.length, median_ms: times[times.length >> 1], slowest_ms: times[times.length - 1],
      ready_ms: readyAt, lanes: lanes.length, bins: data.bins,
      most_bins_drawn: most, pixels: strip.clientWidth,
    });
    document.body.append(out);
  }

  let readyAt = 0;
  async function begin() {
    readColours();
    const packed = await unpack(data.packed);
    data.quantities.forEach((about, place) => lanes.push(makeLane(about, pyramid(packed, place))));
    listen(strip);
    holder.addEventListener("keydown", onKey);
    for (const button of holder.querySelectorAll("button[data-key]")) {
      button.addEventListener("click", () => KEYS[button.dataset.key]());
    }
    if ("IntersectionObserver" in window) {
      const seen = new IntersectionObserver((entries) => {
        for (const entry of entries) lanes.find((l) => l.canvas === entry.target).onScreen = entry.isIntersecting;
        redraw();
      }, { rootMargin: "200px" });
      for (const lane of lanes) seen.observe(lane.canvas);
    }
    holder.querySelector("details.more").addEventListener("toggle", redraw);
    window.addEventListener("resize", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
    holder.classList.add("ready");
    draw();
    readyAt = performance.now();
    if (location.hash === "#timing") timing();
  }
  begin().catch((error) => {
    say.textContent = "The timeline cannot be drawn in this browser (" + error.message + "); the figures below hold the same.";
  });
})();
