/* The controls of the player: landscape, start, moment, methods; buttons, keys and pointer. */
(() => {
  "use strict";
  const SECONDS = 10;
  const TICKS = 1000;
  /* still pictures that a whole play has where motion is not wanted, and how long each stands */
  const STILLS = 10;
  const STILL_MS = 1000;
  const SVG = "http://www.w3.org/2000/svg";

  const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 });

  function said(value) {
    if (value === undefined) return "–";
    const size = Math.abs(value);
    const text = value === 0 || (size >= 1e-3 && size < 1e5)
      ? String(Number(value.toPrecision(3)))
      : value.toExponential(1);
    return text.replace("-", "−");
  }

  class Player {
    constructor(element) {
      this.element = element;
      this.data = JSON.parse(element.querySelector("script[type='application/json']").textContent);
      for (const name of ["problem", "start", "speed", "play", "bar", "now", "rows", "picture", "all", "none"]) {
        this[name] = element.querySelector(`.em-player-${name}`);
      }
      this.hidden = new Set();
      this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
      this.fill(this.problem, this.data.problems.map((p) => p.title));
      this.listen();
      this.choose(0);
      element.classList.add("em-player-ready");
    }

    get landscape() {
      return this.data.problems[Number(this.problem.value)];
    }

    get paths() {
      return this.landscape.starts[Number(this.start.value)].paths;
    }

    fill(select, words) {
      select.replaceChildren(...words.map((text, i) => new Option(text, i)));
    }

    listen() {
      this.problem.addEventListener("change", () => this.choose(Number(this.problem.value)));
      this.start.addEventListener("change", () => this.begin());
      this.bar.addEventListener("input", () => { this.pause(); this.show(); });
      this.play.addEventListener("click", () => this.toggle());
      this.all.addEventListener("click", () => this.hide(new Set()));
      this.none.addEventListener("click", () => this.hide(new Set(this.data.methods.keys())));
      this.element.addEventListener("keydown", (event) => this.key(event));
      this.picture.addEventListener("click", (event) => this.point(event));
      new ResizeObserver(() => this.show()).observe(this.picture.parentElement);
      /* the reader may change between light and dark at any time */
      new MutationObserver(() => this.show()).observe(document.body, { attributeFilter: ["data-theme"] });
      window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    }

    /* Turn to a landscape; its first start is shown, all of the way. */
    choose(place) {
      this.problem.value = String(place);
      this.fill(this.start, this.landscape.starts.map((s, i) => this.startWords(s, i)));
      this.begin();
    }

    startWords(start, place) {
      const path = start.paths.find((p) => p.cost.length);
      const where = path ? [path.x[0], ...(path.y ? [path.y[0]] : [])].map(said).join(", ") : "–";
      return `${place + 1} of ${this.landscape.starts.length}: (${where})`;
    }

    begin() {
      this.pause();
      this.budget = Math.max(...this.paths.flatMap((p) => p.cost.slice(-1)), 1);
      this.bar.value = String(TICKS);
      this.rowsOf();
      this.show();
    }

    /* The bar is logarithmic: most of a descent is over early. */
    shareOf(cost) {
      return Math.log1p(cost) / Math.log1p(this.budget);
    }

    get share() {
      return Number(this.bar.value) / TICKS;
    }

    get cost() {
      return this.share >= 1 ? this.budget : Math.expm1(this.share * Math.log1p(this.budget));
    }

    rowsOf() {
      this.cells = this.paths.map((path) => {
        const method = this.data.methods[path.method];
        const row = document.createElement("tr");
        const [head, loss, lowest] = ["th", "td", "td"].map((tag) => row.appendChild(document.createElement(tag)));
        head.scope = "row";
        const label = head.appendChild(document.createElement("label"));
        const box = label.appendChild(document.createElement("input"));
        box.type = "checkbox";
        box.checked = !this.hidden.has(path.method);
        box.addEventListener("change", () => {
          if (box.checked) this.hidden.delete(path.method);
          else this.hidden.add(path.method);
          this.show();
        });
        label.append(this.swatch(method), method.title);
        return { row, loss, lowest, box };
      });
      this.rows.replaceChildren(...this.cells.map((c) => c.row));
    }

    swatch(method) {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", "-1.6 -1.6 3.2 3.2");
      svg.setAttribute("aria-hidden", "true");
      const shape = svg.appendChild(document.createElementNS(SVG, "path"));
      shape.setAttribute("d", emPlayer.markerPath(method.marker));
      shape.dataset.colour = method.colour;
      return svg;
    }

    hide(methods) {
      this.hidden = methods;
      this.cells.forEach((c, i) => { c.box.checked = !methods.has(this.paths[i].method); });
      this.show();
    }

    /* Draw the moment that the bar says, and say it. */
    show() {
      if (!this.cells) return;
      const cost = this.cost;
      const ground = getComputedStyle(this.element).getPropertyValue("--em-player-ground");
      this.cells.forEach((cell, i) => {
        const path = this.paths[i];
        const last = emScene.reached(path, cost);
        const gone = path.diverged && last === path.cost.length - 1;
        cell.loss.textContent = gone ? "diverged" : said(path.loss[last]);
        cell.lowest.textContent = last < 0 ? "–" : said(Math.min(...path.loss.slice(0, last + 1)));
        cell.row.classList.toggle("em-player-off", !cell.box.checked);
        const shape = cell.row.querySelector("path");
        shape.setAttribute("fill", emPlayer.readable(shape.dataset.colour, ground));
      });
      const words = `${number(cost)} of ${number(this.budget)} evaluations`;
      this.now.textContent = words;
      this.bar.setAttribute("aria-valuetext", words);
      const shown = this.paths
        .filter((p) => !this.hidden.has(p.method) && p.cost.length)
        .map((path) => ({ path, method: this.data.methods[path.method] }));
      this.picture.setAttribute("aria-label",
        `${this.landscape.title}, start ${this.start.selectedOptions[0].text}: paths of ${shown.length} `
        + `methods after ${words}; the table beside it has their losses`);
      emScene.draw(this.picture, {
        problem: this.landscape, start: Number(this.start.value), shown, cost, budget: this.budget,
        share: this.share, shareOf: (c) => this.shareOf(c),
      }, this.element);
    }

    toggle() {
      if (this.playing) this.pause();
      else this.run();
    }

    run() {
      if (this.share >= 1) this.bar.value = "0";
      this.playing = true;
      this.play.textContent = "Pause";
      this.show();
      if (this.still.matches) this.timer = setInterval(() => this.advance(1 / STILLS), STILL_MS);
      else this.frame(performance.now());
    }

    frame(before) {
      this.request = requestAnimationFrame((now) => {
        this.moment = (this.moment ?? this.share) + (Math.max(0, now - before) / 1000 / SECONDS) * Number(this.speed.value);
        this.goto(this.moment);
        if (this.moment >= 1) this.pause();
        else this.frame(now);
      });
    }

    advance(share) {
      this.goto(this.share + share);
      if (this.share >= 1) this.pause();
    }

    pause() {
      cancelAnimationFrame(this.request);
      clearInterval(this.timer);
      this.playing = false;
      this.moment = undefined;
      this.play.textContent = "Play";
    }

    goto(share) {
      this.bar.value = String(Math.round(Math.min(Math.max(share, 0), 1) * TICKS));
      this.show();
    }

    turn(select, by) {
      const count = select.options.length;
      select.value = String((Number(select.value) + by + count) % count);
      select.dispatchEvent(new Event("change"));
    }

    point(event) {
      const place = emScene.startAt(this.picture, this.landscape, event.offsetX, event.offsetY);
      if (place < 0) return;
      this.start.value = String(place);
      this.begin();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
      const deeds = {
        "n": () => this.turn(this.start, 1),
        "p": () => this.turn(this.start, -1),
        "l": () => this.turn(this.problem, 1),
        "k": () => this.toggle(),
      };
      if (event.target === this.picture || event.target === this.element) {
        deeds[" "] = deeds["k"];
      }
      if (event.target !== this.bar) {
        const step = event.shiftKey ? 0.1 : 0.01;
        deeds["ArrowRight"] = () => { this.pause(); this.goto(this.share + step); };
        deeds["ArrowLeft"] = () => { this.pause(); this.goto(this.share - step); };
        deeds["Home"] = () => { this.pause(); this.goto(0); };
        deeds["End"] = () => { this.pause(); this.goto(1); };
      } else {
        deeds[" "] = deeds["k"];
      }
      const deed = deeds[event.key];
      if (!deed) return;
      event.preventDefault();
      event.stopPropagation();
      deed();
    }
  }

  document.querySelectorAll(".em-player").forEach((element) => new Player(element));
})();
