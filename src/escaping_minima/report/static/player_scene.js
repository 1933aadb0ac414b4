/* The scene of the player: a landscape, the paths on it up to a moment, and where they are. */
const emScene = (() => {
  "use strict";
  const { bands, drawLine, drawMarker, drawTrail, readable, ticks } = emPlayer;
  const LEFT = 46;
  const BOTTOM = 26;
  const EDGE = 10;
  /* share of the height that a curve has; its paths against evaluations have the rest */
  const CURVE = 0.56;
  const GAP = 34;
  /* share of the width from which on a piece of a path is a leap, and not drawn */
  const LEAP = 0.15;
  const MARKS = { "global minimum": "*", "local minimum": "x", "saddle": "+" };

  /* The colours of the page as its style says them, now. */
  function lookOf(element) {
    const style = getComputedStyle(element);
    const of = (name) => style.getPropertyValue(`--em-player-${name}`).trim();
    return {
      ground: of("ground"), ink: of("ink"), faint: of("faint"),
      low: of("low"), high: of("high"), line: of("line"), font: style.fontFamily,
    };
  }

  function isCurve(problem) {
    return Boolean(problem.heights);
  }

  /* Height of the picture for a width: that of the box on the plane, within reason. */
  function heightFor(problem, width) {
    if (isCurve(problem)) return Math.round(Math.min(Math.max(0.85 * width, 320), 520));
    const ratio = (problem.y[1] - problem.y[0]) / (problem.x[1] - problem.x[0]);
    return Math.round((width - LEFT - EDGE) * Math.min(Math.max(ratio, 0.6), 1) + BOTTOM + EDGE);
  }

  function scale(low, high, from, to) {
    return (value) => from + ((value - low) / (high - low)) * (to - from);
  }

  /* The index of the last point that a path had reached at a cost; -1 before its first. */
  function reached(path, cost) {
    let low = 0;
    let high = path.cost.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (path.cost[middle] <= cost) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /* Where things of a problem are on a picture of a width and height. */
  function placesOf(problem, width, height) {
    const across = isCurve(problem)
      ? [problem.x[0], problem.x[problem.x.length - 1]]
      : problem.x;
    const x = scale(across[0], across[1], LEFT, width - EDGE);
    if (!isCurve(problem)) {
      return { across, x, up: problem.y, y: scale(problem.y[0], problem.y[1], height - BOTTOM, EDGE) };
    }
    const low = Math.min(...problem.heights);
    const high = Math.max(...problem.heights);
    const room = 0.06 * (high - low || 1);
    const floor = Math.round(CURVE * height);
    return {
      across, x, floor, up: [low - room, high + room],
      y: scale(low - room, high + room, floor, EDGE),
      time: scale(0, 1, floor + GAP, height - BOTTOM),
    };
  }

  /* The point of a path as (across, up): of a curve up is its loss. */
  function pointOf(problem, path, index, places) {
    return [places.x(path.x[index]), places.y(isCurve(problem) ? path.loss[index] : path.y[index])];
  }

  /* A point outside a range, at its nearest end: who left the picture stands at its edge. */
  function within(value, one, other) {
    return Math.min(Math.max(value, Math.min(one, other)), Math.max(one, other));
  }

  /* Later methods are drawn thinner, so that one does not hide another on the same way. */
  function thinner(most, least, place, count) {
    return count > 1 ? most - ((most - least) * place) / (count - 1) : least;
  }

  function axes(pen, places, height, look, problem) {
    const bottom = isCurve(problem) ? places.floor : height - BOTTOM;
    const right = places.x(places.across[1]);
    pen.fillStyle = look.ink;
    pen.strokeStyle = look.faint;
    pen.lineWidth = 1;
    pen.font = `12px ${look.font}`;
    pen.strokeRect(LEFT - 0.5, EDGE - 0.5, right - LEFT + 1, bottom - EDGE + 1);
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const below = isCurve(problem) ? places.floor : height - BOTTOM;
    ticks(...places.across, (right - LEFT) / 70).forEach((t) => {
      pen.fillText(String(t).replace("-", "−"), places.x(t), below + 6);
    });
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    ticks(...places.up, (bottom - EDGE) / 60).forEach((t) => {
      pen.fillText(String(t).replace("-", "−"), LEFT - 6, places.y(t));
    });
  }

  function drawCurve(pen, problem, places, look) {
    const points = problem.x.map((x, i) => [places.x(x), places.y(problem.heights[i])]);
    drawLine(pen, points, look.ink, look.ground);
  }

  function drawMarks(pen, problem, places, look) {
    for (const [x, y, kind] of problem.marks) {
      const at = isCurve(problem) ? places.y(heightAt(problem, x)) : places.y(y);
      drawMarker(pen, MARKS[kind], places.x(x), at, 5, look.ink, look.ground);
    }
  }

  function heightAt(problem, x) {
    const share = (x - problem.x[0]) / (problem.x[problem.x.length - 1] - problem.x[0]);
    const place = Math.round(share * (problem.x.length - 1));
    return problem.heights[Math.min(Math.max(place, 0), problem.heights.length - 1)];
  }

  /* Under a curve: where each path was, evaluations going down. */
  function drawCourses(pen, state, places, height, look) {
    pen.strokeStyle = look.faint;
    const right = places.x(places.across[1]);
    pen.strokeRect(LEFT - 0.5, places.floor + GAP - 0.5, right - LEFT + 1, height - BOTTOM - places.floor - GAP + 1);
    pen.fillStyle = look.ink;
    pen.save();
    pen.translate(LEFT - 36, (places.floor + GAP + height - BOTTOM) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText("← evaluations", 0, 0);
    pen.restore();
    for (let ten = 1; ten < 0.7 * state.budget; ten *= 10) {
      const words = ten < 1000 ? String(ten) : ten < 1e6 ? `${ten / 1000}k` : `${ten / 1e6}M`;
      pen.textAlign = "right";
      pen.fillText(words, LEFT - 4, places.time(state.shareOf(ten)));
    }
    clip(pen, LEFT, places.floor + GAP - 6, right - LEFT, height);
    state.shown.forEach(({ path, method }, place) => {
      const last = reached(path, state.cost);
      const points = [];
      for (let i = 0; i <= last; i += 1) {
        points.push([places.x(path.x[i]), places.time(state.shareOf(path.cost[i]))]);
      }
      if (last >= 0) points.push([places.x(path.x[last]), places.time(state.share)]);
      drawTrail(pen, points, readable(method.colour, look.ground), look.ground, thinner(3, 1.3, place, state.shown.length));
    });
    pen.restore();
    drawHeads(pen, state, look, (path, last) => [
      within(places.x(path.x[last]), LEFT, right), places.time(state.share),
    ]);
  }

  function clip(pen, x, y, width, height) {
    pen.save();
    pen.beginPath();
    pen.rect(x, y, width, height);
    pen.clip();
  }

  function drawPaths(pen, problem, state, places, look) {
    if (isCurve(problem)) return;
    const leap = LEAP * (places.x(places.across[1]) - LEFT);
    state.shown.forEach(({ path, method }, place) => {
      const last = reached(path, state.cost);
      const points = [];
      for (let i = 0; i <= last; i += 1) points.push(pointOf(problem, path, i, places));
      drawTrail(pen, points, readable(method.colour, look.ground), look.ground, thinner(3, 1.3, place, state.shown.length), leap);
    });
  }

  /* The markers of the paths at the moment, each where `where` says. */
  function drawHeads(pen, state, look, where) {
    state.shown.forEach(({ path, method }, place) => {
      const last = reached(path, state.cost);
      if (last < 0) return;
      const size = thinner(8, 5, place, state.shown.length);
      drawMarker(pen, method.marker, ...where(path, last), size, readable(method.colour, look.ground), look.ground);
    });
  }

  /* Starts as rings: that of the paths that are shown is filled. */
  function drawStarts(pen, problem, state, places, look) {
    problem.starts.forEach((start, number) => {
      const first = start.paths.find((path) => path.cost.length);
      if (!first) return;
      const [x, y] = pointOf(problem, first, 0, places);
      pen.beginPath();
      pen.arc(x, y, 5, 0, 2 * Math.PI);
      pen.fillStyle = number === state.start ? look.ink : look.ground;
      pen.strokeStyle = look.ink;
      pen.lineWidth = 1.6;
      pen.fill();
      pen.stroke();
    });
  }

  /* Draw a moment; state has problem, start, shown (path, method), cost, budget, share, shareOf. */
  function draw(canvas, state, element) {
    const problem = state.problem;
    const look = lookOf(element);
    const width = Math.max(240, Math.floor(canvas.parentElement.clientWidth));
    const height = heightFor(problem, width);
    const fine = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * fine);
    canvas.height = Math.round(height * fine);
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(fine, fine);
    pen.fillStyle = look.ground;
    pen.fillRect(0, 0, width, height);
    const places = placesOf(problem, width, height);
    if (!isCurve(problem)) pen.drawImage(ground(problem, width, height, look, fine), LEFT, EDGE, width - LEFT - EDGE, height - BOTTOM - EDGE);
    axes(pen, places, height, look, problem);
    clip(pen, LEFT, EDGE, width - LEFT - EDGE, (isCurve(problem) ? places.floor : height - BOTTOM) - EDGE);
    if (isCurve(problem)) drawCurve(pen, problem, places, look);
    drawMarks(pen, problem, places, look);
    drawStarts(pen, problem, state, places, look);
    drawPaths(pen, problem, state, places, look);
    pen.restore();
    const bottom = isCurve(problem) ? places.floor : height - BOTTOM;
    drawHeads(pen, state, look, (path, last) => {
      const [x, y] = pointOf(problem, path, last, places);
      return [within(x, LEFT, width - EDGE), within(y, EDGE, bottom)];
    });
    if (isCurve(problem)) drawCourses(pen, state, places, height, look);
  }

  /* The shaded bands of a problem, drawn once for a size and a look. */
  function ground(problem, width, height, look, fine) {
    const size = [width - LEFT - EDGE, height - BOTTOM - EDGE].map((n) => Math.round(n * fine));
    const key = [...size, look.low, look.high].join();
    if (problem.drawn !== key) {
      problem.image = bands(problem, ...size, look);
      problem.drawn = key;
    }
    return problem.image;
  }

  /* The number of the start nearest to a place on the picture, within a finger's width, or -1. */
  function startAt(canvas, problem, x, y) {
    const places = placesOf(problem, canvas.clientWidth, canvas.clientHeight);
    let found = -1;
    let least = 18;
    problem.starts.forEach((start, number) => {
      const first = start.paths.find((path) => path.cost.length);
      if (!first) return;
      const [ax, ay] = pointOf(problem, first, 0, places);
      const away = Math.hypot(ax - x, ay - y);
      if (away < least) [least, found] = [away, number];
    });
    return found;
  }

  return { draw, reached, startAt };
})();
