// The filter of the ledger. What is chosen stands in the page's address, so that a link can choose.
(() => {
  "use strict";

  const KEYS = ["study", "verdict", "firmness"];

  const chosen = (form) => Object.fromEntries(new FormData(form));

  const matches = (row, wanted) =>
    KEYS.every((key) => !wanted[key] || row.dataset[key] === wanted[key]) &&
    wanted.text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => row.emText.includes(word));

  const remember = (wanted) => {
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    const search = String(query) ? `?${query}` : "";
    try {
      history.replaceState(null, "", location.pathname + search + location.hash);
    } catch {
      // some browsers let no page from disk change its address; the filter works without
    }
  };

  const show = (form, rows) => {
    const wanted = chosen(form);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !matches(row, wanted);
      shown += Number(!row.hidden);
    }
    form.querySelector("output").value = `${shown} of ${rows.length}`;
    remember(wanted);
  };

  const start = (form) => {
    const rows = [...document.querySelectorAll("table.em-ledger > tbody > tr")];
    for (const row of rows) row.emText = row.textContent.toLowerCase();
    for (const [key, value] of new URLSearchParams(location.search)) {
      if (form.elements[key]) form.elements[key].value = value;
    }
    form.hidden = false;
    form.addEventListener("input", () => show(form, rows));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => show(form, rows)));
    show(form, rows);
    // the form was not there when the browser went to the place that the address names
    if (location.search && location.hash) {
      document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: "instant" });
    }
  };

  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("form.em-filter").forEach(start),
  );
})();
