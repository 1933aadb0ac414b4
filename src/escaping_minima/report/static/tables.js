// Tables of the report: sorted by a click on a heading, and kept as CSV. Without this script they
// are what they were.
(() => {
  "use strict";

  const NUMBER = /^[×<>≤≥±+\s]*(-?(?:\d+\.?\d*|\.\d+|∞)(?:e-?\d+)?)/i;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const textOf = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("br").forEach((line) => line.replaceWith("\n"));
    copy.querySelectorAll("[aria-hidden]").forEach((sign) => sign.remove());
    return copy.textContent.replace(/ *\n */g, "\n").trim();
  };

  const plainNumber = (text) => text.replace(/−/g, "-").replace(/(\d),(?=\d{3})/g, "$1");

  // what a cell is sorted by: the place of the verdict or the number at its start, or its text
  const keyOf = (cell) => {
    const first = cell.firstChild;
    if (first instanceof HTMLElement && first.dataset.sort) return Number(first.dataset.sort);
    const text = textOf(cell);
    if (text === "" || text === "–") return null;
    const found = plainNumber(text).match(NUMBER);
    if (!found) return text;
    return Number(found[1].replace("∞", "Infinity"));
  };

  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });

  const sortRows = (table, column, direction) => {
    const body = table.tBodies[0];
    const rows = table.emRows;
    if (direction === "none") return body.append(...rows);
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [keyOf(row.cells[column]), row]);
    const isText = keyed.some(([key]) => typeof key === "string");
    const keys = keyed.map(([key, row]) => [
      isText && key !== null ? textOf(row.cells[column]) : key,
      row,
    ]);
    // what has no value stands last either way
    const empty = (key) => Number(key === null);
    keys.sort(([a], [b]) => empty(a) - empty(b) || (a === null ? 0 : sign * compare(a, b)));
    body.append(...keys.map(([, row]) => row));
  };

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const headings = (table) => [...table.tHead.rows[0].cells];

  const sortBy = (table, column, direction) => {
    headings(table).forEach((heading, index) =>
      heading.setAttribute("aria-sort", index === column ? direction : "none"),
    );
    sortRows(table, column, direction);
    const chooser = table.emChooser;
    if (chooser) chooser.value = direction === "none" ? "" : `${column} ${direction}`;
  };

  const makeSortable = (table) => {
    table.emRows = [...table.tBodies[0].rows];
    headings(table).forEach((heading, column) => {
      const button = make("button", { type: "button", className: "em-sort" });
      button.append(...heading.childNodes);
      button.addEventListener("click", () =>
        sortBy(table, column, NEXT[heading.getAttribute("aria-sort") || "none"]),
      );
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
    });
  };

  // where rows are cards there are no headings to click on
  const sortChooser = (table) => {
    const choices = headings(table).flatMap((heading, column) =>
      ["ascending", "descending"].map((direction) =>
        make("option", {
          value: `${column} ${direction}`,
          textContent: `${heading.textContent} ${direction === "ascending" ? "↑" : "↓"}`,
        }),
      ),
    );
    const none = make("option", { value: "", textContent: "as it is" });
    table.emChooser = make("select", {}, none, ...choices);
    table.emChooser.addEventListener("change", () => {
      const [column, direction] = table.emChooser.value.split(" ");
      sortBy(table, Number(column || 0), direction || "none");
    });
    return make("label", { className: "em-chooser" }, "Sort by ", table.emChooser);
  };

  const WHOLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

  const field = (cell) => {
    const text = textOf(cell);
    const number = plainNumber(text);
    const value = WHOLE.test(number) ? number : text.replace(/\n/g, "; ");
    return /[",\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
  };

  // rows that a filter hides are left out
  const csvOf = (table) =>
    [table.tHead.rows[0], ...table.tBodies[0].rows]
      .filter((row) => !row.hidden)
      .map((row) => [...row.cells].map(field).join(",") + "\n")
      .join("");

  const nameOf = (table) => {
    const section = table.closest("section[id]");
    const page = location.pathname.split("/").pop().replace(/\.html$/, "") || "index";
    const heading = table.caption ? table.caption.textContent : section ? section.id : "table";
    return `${page}-${heading}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 80) + ".csv";
  };

  const download = (table) => {
    const address = URL.createObjectURL(new Blob([csvOf(table)], { type: "text/csv" }));
    make("a", { href: address, download: nameOf(table) }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  const addTools = (table) => {
    const title = "Keep this table as a CSV file, as it is sorted and filtered";
    const button = make("button", { type: "button", textContent: "CSV", title });
    button.setAttribute("aria-label", title);
    button.addEventListener("click", () => download(table));
    const tools = make("div", { className: "em-tools" });
    if (table.classList.contains("em-cards")) tools.append(sortChooser(table));
    tools.append(button);
    (table.closest(".em-scroll") || table).before(tools);
  };

  // what scrolls must be reached by the keyboard
  const markScrolling = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (scrolls) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("table.em-table")) {
      if (!table.tHead || table.tBodies[0].rows.length < 3) continue;
      makeSortable(table);
      addTools(table);
    }
    const boxes = [...document.querySelectorAll(".em-scroll")];
    const markAll = () => boxes.forEach(markScrolling);
    markAll();
    addEventListener("resize", markAll);
  });
})();
